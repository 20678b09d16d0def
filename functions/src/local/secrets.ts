import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { databasePath } from "../config.ts";

const hex = () => randomBytes(32).toString("hex");

/** What the service cannot run without, and how each is made on the first start. */
const generated: Readonly<Record<string, () => string>> = {
  ADMIN_SECRET: hex,
  WEBHOOK_SECRET: hex,
  STRIPE_WEBHOOK_SECRET: () => `whsec_${hex()}`,
  GUMROAD_WEBHOOK_SECRET: hex,
  // Lemon Squeezy takes 40 characters at most.
  LEMON_SQUEEZY_WEBHOOK_SECRET: () => hex().slice(0, 40),
  PADDLE_WEBHOOK_SECRET: () => `pdl_ntfset_${hex()}`,
  POLAR_WEBHOOK_SECRET: () => `whsec_${randomBytes(32).toString("base64")}`,
  LOOKUP_PEPPER: hex,
  ENCRYPTION_KEYS: () => `1:${hex()}`,
};

/** With others, what a database holds is neither found nor opened. */
const KEPT_WITH_DATA: readonly string[] = ["LOOKUP_PEPPER", "ENCRYPTION_KEYS"];

/**
 * The secrets of a data directory, one file each (mode 0600) under `secrets/`, made where missing.
 * Those set in `variables` win and are not stored. Safe when two processes start at once.
 * Throws where one is lost that the directory's database was made with.
 */
export function localSecrets(
  dataDir: string,
  variables: NodeJS.ProcessEnv,
): Record<string, string> {
  const directory = join(dataDir, "secrets");
  // Looked for first: another process makes its database after all of its secrets.
  const hasData = existsSync(databasePath(dataDir));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return Object.fromEntries(
    Object.entries(generated).map(([name, make]) => [
      name,
      variables[name]?.trim() ||
        readOrMake(
          join(directory, name),
          hasData && KEPT_WITH_DATA.includes(name) ? () => lost(directory, name) : make,
        ),
    ]),
  );
}

function lost(directory: string, name: string): never {
  throw new Error(
    `${join(directory, name)} is missing, and the database in ${dirname(directory)} was made with it. ` +
      "Put your copy back, there or in the variable; without one that database is lost, and only an empty DATA_DIR begins anew.",
  );
}

function readOrMake(path: string, make: () => string): string {
  return read(path) ?? publish(path, make());
}

/** Puts a whole file in place, or leaves the one another process put there first. */
function publish(path: string, secret: string): string {
  const draft = `${path}.${randomUUID()}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
    // The name has to survive a power cut too: keys hashed with a lost pepper are lost.
    syncDirectory(dirname(path));
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return read(path) ?? secret;
  } finally {
    unlinkSync(draft);
  }
}

function syncDirectory(path: string): void {
  // Windows cannot open a directory, and does not need to.
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function read(path: string): string | undefined {
  try {
    const secret = readFileSync(path, "utf8").trim();
    if (secret === "")
      throw new Error(`${path} is empty. Restore it, or delete it to have another made.`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
