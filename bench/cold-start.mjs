// How long a new instance takes until it answers, beside the libraries it cannot do without.
//
//   npm run bench:cold [-- runs]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleIfStale } from "../scripts/build.mjs";
import { startFirestoreDouble } from "../test/support/firestore-double/server.ts";
import { asked, positive } from "./asked.ts";
import { dropFromMemory } from "./cold-start/file-cache.mjs";

const TARGET_RATIO = 1.3;
const USAGE =
  "npm run bench:cold -- [runs]\nmeasures how long a new instance takes until it answers.";
const runs = asked(USAGE, () => positive("runs", process.argv[2] ?? "9"));

/** Each is a process of its own, from its spawn to its line on stdout. */
const subjects = {
  "node.cjs": "Node alone",
  "used-libraries.cjs": "the parts of the Firebase libraries that we use",
  "libraries.cjs": "firebase-functions and firebase-admin/firestore",
  "bundle.cjs": "our bundle, until it has answered 400",
  "read.cjs": "our bundle, until it has read a document",
};
const files = /** @type {(keyof typeof subjects)[]} */ (Object.keys(subjects));

await bundleIfStale();
const temporary = mkdtempSync(join(tmpdir(), "latchkey-cold-"));
const double = await startFirestoreDouble();
const compiled = { NODE_COMPILE_CACHE: join(temporary, "compiled") };

console.log(`Milliseconds over ${runs} runs, Node ${process.version}.`);
console.log(
  "The bundle: loaded, HTTP server listening, one request answered by the whole edge, without",
);
console.log("or with a document from a stand-in for Firestore. No network but the loopback.\n");
const warm = await table("warm disk cache", {});
await table("warm disk cache, and a compile cache (NODE_COMPILE_CACHE) filled before", compiled);
const loaded = new Map();
for (const file of files) loaded.set(file, await filesOf(file));
const dropped = dropFromMemory(loaded.get("bundle.cjs"));
if (dropped) {
  await table("the modules read from the disk again; Node itself stays in memory", {}, (file) =>
    dropFromMemory(loaded.get(file)),
  );
} else
  console.log(
    "Cold disk cache: not measured, as this system lets nobody drop files from memory.\n",
  );

const ratio = (/** @type {keyof typeof subjects} */ file) =>
  of(warm, "bundle.cjs") / of(warm, file);
console.log(
  `bundle / both libraries:        ${ratio("libraries.cjs").toFixed(2)} (target: at most ${TARGET_RATIO})`,
);
console.log(`bundle / the parts that we use: ${ratio("used-libraries.cjs").toFixed(2)}`);
await double.close();
rmSync(temporary, { recursive: true });

/**
 * Each subject in turn, since what else the machine does then slows all of them alike.
 *
 * @typedef {{ fromSpawnMs: number, inProcessMs: number }} Times
 * @param {string} title
 * @param {Record<string, string>} env
 * @param {(file: string) => unknown} before
 */
async function table(title, env, before = () => {}) {
  const times = Object.fromEntries(files.map((file) => [file, /** @type {Times[]} */ ([])]));
  for (const file of files) await measure(file, env);
  for (let run = 0; run < runs; run++) {
    for (const file of files) {
      before(file);
      times[file]?.push(await measure(file, env));
    }
  }
  row(title, "from spawn", "", "in process", "");
  row("", "median", "min", "median", "min");
  for (const file of files) {
    const spawned = (times[file] ?? []).map(({ fromSpawnMs }) => fromSpawnMs);
    const inside = (times[file] ?? []).map(({ inProcessMs }) => inProcessMs);
    const cells = [median(spawned), Math.min(...spawned), median(inside), Math.min(...inside)];
    row(`  ${subjects[file]}`, ...cells.map((cell) => cell.toFixed(0)));
  }
  console.log("");
  return times;
}

/**
 * @param {string} file
 * @param {Record<string, string>} env
 * @param {readonly string[]} flags
 * @returns {Promise<Times>}
 */
function measure(file, env, flags = []) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const script = fileURLToPath(new URL(`cold-start/${file}`, import.meta.url));
    const child = spawn(process.execPath, [...flags, script], {
      env: {
        PATH: process.env["PATH"],
        STORE: "firestore",
        GCLOUD_PROJECT: "demo-latchkey",
        FIRESTORE_EMULATOR_HOST: double.host,
        METADATA_SERVER_DETECTION: "none",
        LOOKUP_PEPPER: "0".repeat(64),
        ENCRYPTION_KEYS: `1:${"0".repeat(64)}`,
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
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
async function filesOf(file) {
  const list = join(temporary, "loaded");
  const preload = fileURLToPath(new URL("cold-start/list-loaded.cjs", import.meta.url));
  await measure(file, { LOADED_FILES: list }, ["--require", preload]);
  return readFileSync(list, "utf8").split("\n").filter(Boolean);
}

/**
 * @param {Awaited<ReturnType<typeof table>>} times
 * @param {string} file
 */
function of(times, file) {
  return median((times[file] ?? []).map(({ fromSpawnMs }) => fromSpawnMs));
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
  console.log(label.padEnd(76) + numbers.map((cell) => cell.padStart(11)).join(""));
}
