// The built functions under Firebase's own emulator: each in a process of its own, on one SQLite
// file. Needs neither Java nor a Firebase login; the first run downloads firebase-tools.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleIfStale } from "./build.mjs";
import { stage } from "./stage.mjs";

const FIREBASE_TOOLS = "firebase-tools@15.34.2";
const PROJECT = "demo-latchkey";

await bundleIfStale();
const { localSecrets } = await import("../functions/lib/secrets.cjs");

const dataDir = resolve(process.env["DATA_DIR"] || ".latchkey");
const host = process.env["HOST"] || "127.0.0.1";
const port = Number(process.env["PORT"] || "5001");
const secrets = localSecrets(dataDir, process.env);

// Staged among the data, so that no secret is written where a deploy or a commit could take it.
const project = join(dataDir, "emulator");
const functions = join(project, "functions");
mkdirSync(project, { recursive: true, mode: 0o700 });
stage(functions);
write("firebase.json", {
  functions: { source: "functions", runtime: "nodejs24" },
  emulators: { functions: { host, port }, ui: { enabled: false } },
});
// The emulator reads bound secrets from this file alone, and else asks Secret Manager.
const lines = Object.entries(secrets).map(([name, secret]) => `${name}=${secret}\n`);
writeFileSync(join(functions, ".secret.local"), lines.join(""), { mode: 0o600 });

const emulator = spawn(
  "npx",
  ["--yes", FIREBASE_TOOLS, "emulators:start", "--only", "functions", "--project", PROJECT],
  {
    cwd: project,
    env: { ...process.env, STORE: "sqlite", DATA_DIR: dataDir },
    stdio: ["ignore", "inherit", "inherit"],
    // npx does not pass signals on: as a process group the emulator hears them itself.
    detached: true,
  },
);
/** @param {NodeJS.Signals} signal */
const pass = (signal) => {
  if (emulator.pid) process.kill(-emulator.pid, signal);
};
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => pass(signal));
}
// npm signals the shell it starts us in, and most shells die of it without passing it on.
const parent = process.ppid;
const orphaned = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(orphaned);
  pass("SIGTERM");
}, 200);
orphaned.unref();
emulator.on("error", (error) => {
  console.error(`The emulator cannot start: ${error.message}`);
  process.exitCode = 1;
});
emulator.on("exit", (code) => {
  process.exitCode = code ?? 1;
});

/**
 * @param {string} name
 * @param {unknown} content
 */
function write(name, content) {
  writeFileSync(join(project, name), JSON.stringify(content));
}
