// Plain JavaScript: `npm start` needs it on every supported Node, with or without type stripping.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "functions/src");
const output = join(root, "functions/lib");

/** Bundles the deployed functions and what serves them locally; the Firebase libraries stay out. */
export async function bundle() {
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: join(source, "index.ts"),
      local: join(source, "local/main.ts"),
      secrets: join(source, "local/secrets.ts"),
    },
    outdir: output,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["firebase-functions", "firebase-admin", "@google-cloud/*"],
    minifySyntax: true,
    legalComments: "none",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
  });
}

/** Builds unless the bundle is newer than every source file. */
export async function bundleIfStale() {
  const built = await stat(join(output, "local.cjs")).catch(() => undefined);
  if (built && built.mtimeMs > (await newestSource())) return false;
  await bundle();
  return true;
}

async function newestSource() {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const times = await Promise.all(
    [...files.map((file) => join(file.parentPath, file.name)), join(root, "package-lock.json")].map(
      async (path) => (await stat(path)).mtimeMs,
    ),
  );
  return Math.max(...times);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
