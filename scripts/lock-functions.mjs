// Cloud Build sees functions/ alone, so it has a lock file of its own beside the workspace's.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const functions = join(root, "functions");
const manifest = readJson(join(functions, "package.json"));
const workspace = readJson(join(root, "package-lock.json"));

const temporary = mkdtempSync(join(tmpdir(), "latchkey-lock-"));
try {
  copyFileSync(join(functions, "package.json"), join(temporary, "package.json"));
  copyFileSync(join(root, ".npmrc"), join(temporary, ".npmrc"));
  writeFileSync(join(temporary, "package-lock.json"), JSON.stringify(seed()));
  execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], {
    cwd: temporary,
    stdio: "inherit",
  });
  copyFileSync(join(temporary, "package-lock.json"), join(functions, "package-lock.json"));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** The workspace's lock as if functions/ were the root: npm drops what it does not need. */
function seed() {
  const { name, version } = manifest;
  const below = (prefix) =>
    Object.entries(workspace.packages)
      .filter(([path, entry]) => path.startsWith(`${prefix}node_modules/`) && !entry.link)
      .map(([path, { dev, devOptional, ...entry }]) => [path.slice(prefix.length), entry]);
  return {
    name,
    version,
    lockfileVersion: workspace.lockfileVersion,
    requires: true,
    packages: { "": manifest, ...Object.fromEntries([...below(""), ...below("functions/")]) },
  };
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
