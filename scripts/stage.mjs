import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "functions");
const { resolve } = createRequire(join(source, "package.json"));

/**
 * Makes `directory` what a deploy uploads of functions/, with the packages it declares linked from
 * here: what is built only runs there when it needs nothing else.
 *
 * @param {string} directory replaced when it exists
 */
export function stage(directory) {
  const ignored = ignoreRules();
  rmSync(directory, { recursive: true, force: true });
  cpSync(source, directory, {
    recursive: true,
    filter: (path) => !ignored.some((matches) => matches(basename(path))),
  });
  for (const name of Object.keys(readJson(join(source, "package.json")).dependencies)) {
    const link = join(directory, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(installed(name), link, "junction");
  }
}

/** The ignore patterns of firebase.json: each a name, or a `*` and a suffix. */
function ignoreRules() {
  const { functions } = readJson(join(root, "firebase.json"));
  return functions.ignore.map((/** @type {string} */ pattern) => {
    const suffix = pattern.startsWith("*") ? pattern.slice(1) : undefined;
    if (/[*/!?{[]/.test(suffix ?? pattern)) {
      throw new Error(`firebase.json: this script does not understand the pattern ${pattern}.`);
    }
    return (/** @type {string} */ name) =>
      suffix === undefined ? name === pattern : name.endsWith(suffix);
  });
}

/** @param {string} name */
function installed(name) {
  const found = resolve.paths(name)?.map((path) => join(path, name));
  const directory = found?.find((path) => existsSync(path));
  if (!directory) throw new Error(`${name} is not installed; run "npm ci".`);
  return directory;
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
