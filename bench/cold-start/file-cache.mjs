import { execFileSync } from "node:child_process";

/**
 * Has the system forget what it keeps in memory of these files, and of no others: the rest of the machine
 * goes on as before. Returns false where that cannot be done (GNU dd does it on Linux).
 *
 * @param {readonly string[]} files
 */
export function dropFromMemory(files) {
  try {
    for (const file of files) {
      execFileSync("dd", [`if=${file}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
    }
    return true;
  } catch {
    return false;
  }
}
