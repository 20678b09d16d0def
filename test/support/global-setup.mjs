import { spawnSync } from "node:child_process";
import { bundleIfStale } from "../../scripts/build.mjs";

// Once before all workers: server processes then find a bundle that nobody rebuilds under them.
// biome-ignore lint/style/noDefaultExport: Jest asks for it
export default async function globalSetup() {
  if (!process.env["FIRESTORE_EMULATOR_HOST"]) {
    console.log(
      "\nSkipped: the store contract over Google's emulator, as FIRESTORE_EMULATOR_HOST is not set.",
    );
  }
  if (spawnSync("php", ["-v"]).status !== 0) {
    console.log("\nSkipped: the WordPress example, as php is not installed.");
  }
  await bundleIfStale();
}
