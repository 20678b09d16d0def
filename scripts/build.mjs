// Plain JavaScript: `npm start` needs it on every supported Node, with or without type stripping.
import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "functions/src");
const output = join(root, "functions/lib");
const entryPoints = {
  index: join(source, "index.ts"),
  local: join(source, "local/main.ts"),
  secrets: join(source, "local/secrets.ts"),
};

/**
 * Bundles the deployed functions and what serves them locally. The Firebase libraries stay out, and
 * so do those that one function or one box loads: all would read them.
 * Each file is put in place whole: another process may be starting from them.
 */
export async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: output,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: [
      "firebase-functions",
      "firebase-admin",
      "nodemailer",
      "stripe",
      "@fastify/busboy",
      "@google-cloud/*",
    ],
    minifySyntax: true,
    legalComments: "none",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
    write: false,
  });
  // Else its process lives as long as the server that was built for.
  await stop();
  await mkdir(output, { recursive: true });
  await Promise.all(
    outputFiles.map(async ({ path, contents }) => {
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, contents);
      await rename(draft, path);
    }),
  );
}

/** Builds unless the bundle is newer than every source file. */
export async function bundleIfStale() {
  if ((await oldestOutput()) > (await newestSource())) return false;
  await bundle();
  return true;
}

async function oldestOutput() {
  const built = Object.keys(entryPoints).map((name) => join(output, `${name}.cjs`));
  const times = await Promise.all(built.map(modifiedAt)).catch(() => [0]);
  return Math.min(...times);
}

async function newestSource() {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name));
  const times = await Promise.all([...paths, join(root, "package-lock.json")].map(modifiedAt));
  return Math.max(...times);
}

/** @param {string} path */
const modifiedAt = async (path) => (await stat(path)).mtimeMs;

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
