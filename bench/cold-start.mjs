// How long a new instance takes until it answers, beside the libraries it cannot do without.
//
//   npm run bench:cold [-- runs]
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundleIfStale } from "../scripts/build.mjs";

const TARGET_RATIO = 1.3;
const runs = Number(process.argv[2] ?? "9");
if (!Number.isInteger(runs) || runs < 1) throw new RangeError("runs must be a positive number");

/** Each is a process of its own, from its spawn to its line on stdout. */
const subjects = {
  "node.cjs": "Node alone",
  "used-libraries.cjs": "the parts of the Firebase libraries that we use",
  "libraries.cjs": "firebase-functions and firebase-admin/firestore",
  "bundle.cjs": "our bundle, until its first request is answered",
};

await bundleIfStale();
const files = /** @type {(keyof typeof subjects)[]} */ (Object.keys(subjects));
const times = Object.fromEntries(files.map((file) => [file, /** @type {Times[]} */ ([])]));
for (const file of files) await measure(file);
// In turns: what else the machine does then slows all of them alike.
for (let run = 0; run < runs; run++) {
  for (const file of files) times[file]?.push(await measure(file));
}

console.log(`Milliseconds over ${runs} runs, Node ${process.version}, warm disk cache.`);
console.log("The bundle: loaded, Firestore client built, HTTP server listening, one request");
console.log("answered 400 by the whole edge. No network but the loopback.\n");
row("", "from spawn", "", "in process", "");
row("", "median", "min", "median", "min");
for (const file of files) {
  const spawned = (times[file] ?? []).map(({ fromSpawnMs }) => fromSpawnMs);
  const inside = (times[file] ?? []).map(({ inProcessMs }) => inProcessMs);
  const cells = [median(spawned), Math.min(...spawned), median(inside), Math.min(...inside)];
  row(subjects[file], ...cells.map((cell) => cell.toFixed(0)));
}
const ratio = ratioOf("libraries.cjs");
console.log(
  `\nbundle / both libraries:        ${ratio.toFixed(2)} (target: at most ${TARGET_RATIO})`,
);
console.log(`bundle / the parts that we use: ${ratioOf("used-libraries.cjs").toFixed(2)}`);

/**
 * @typedef {{ fromSpawnMs: number, inProcessMs: number }} Times
 * @param {string} file
 * @returns {Promise<Times>}
 */
function measure(file) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL(`cold-start/${file}`, import.meta.url))],
      {
        env: {
          PATH: process.env["PATH"],
          STORE: "firestore",
          GCLOUD_PROJECT: "demo-latchkey",
          METADATA_SERVER_DETECTION: "none",
          LOOKUP_PEPPER: "0".repeat(64),
          ENCRYPTION_KEYS: `1:${"0".repeat(64)}`,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let output = "";
    /** @type {Times | undefined} */
    let result;
    child.stdout.on("data", (chunk) => {
      const fromSpawnMs = performance.now() - startedAt;
      output += chunk;
      const inProcessMs = /^ready ([\d.]+)$/m.exec(output)?.[1];
      if (inProcessMs) result ??= { fromSpawnMs, inProcessMs: Number(inProcessMs) };
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (result && code === 0) resolve(result);
      else reject(new Error(`${file} ended with ${code}: ${output}`));
    });
  });
}

/** @param {string} file */
function ratioOf(file) {
  const of = (/** @type {string} */ name) =>
    median((times[name] ?? []).map(({ fromSpawnMs }) => fromSpawnMs));
  return of("bundle.cjs") / of(file);
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** @param {string[]} cells */
function row(...cells) {
  const [label = "", ...numbers] = cells;
  console.log(label.padEnd(50) + numbers.map((cell) => cell.padStart(11)).join(""));
}
