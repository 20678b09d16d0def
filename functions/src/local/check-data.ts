import { join } from "node:path";
import * as z from "zod";
import { type Config, databasePath, vaultOf } from "../config.ts";
import { collection } from "../store/collection.ts";
import { collections } from "../store/collections.ts";
import { type DocumentStore, StoreUnavailableError } from "../store/document-store.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { isFull } from "../store/sqlite-errors.ts";

const ID = "latchkey";

/** What the secrets that a database cannot do without make of a known text. */
const secretChecks = collection({
  name: "secretChecks",
  idField: "id",
  shape: { id: z.literal(ID), hashed: z.string(), sealed: z.string() },
  queries: {},
});

/**
 * Opens the database of one box once before anybody is served, and writes to it. With secrets other than its own
 * the service would answer that no key exists, and mix new ones in: throws words for the operator instead.
 * A disk that is full is no reason: checks of licenses go on.
 */
export async function checkData(config: Config): Promise<void> {
  const path = databasePath(config.DATA_DIR);
  let store: DocumentStore | undefined;
  try {
    store = openSqliteStore({ path, collections: [...collections, secretChecks] });
    await checkSecrets(store, config);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    if (isFull(error.cause)) return;
    const cause = error.cause as { message?: string } | undefined;
    throw new Error(
      `${path}: ${cause?.message ?? error.message}. ` +
        "It must be the database of this server, and its user must be able to write it and its directory.",
    );
  } finally {
    await store?.close();
  }
}

async function checkSecrets(store: DocumentStore, config: Config): Promise<void> {
  const vault = vaultOf(config);
  const hashed = vault.hash("secret-check", ID);
  const sealed = vault.seal("secret-check", ID);
  const known = await store.transaction(async (tx) => {
    const found = await tx.get(secretChecks, ID);
    // Written even where it stays as it is, since a database may be one that can only be read.
    tx.set(secretChecks, found ?? { id: ID, hashed, sealed });
    return found;
  });
  if (!known) return;
  if (known.hashed !== hashed) throw new Error(foreign("LOOKUP_PEPPER", config));
  try {
    vault.open("secret-check", known.sealed);
  } catch {
    throw new Error(foreign("ENCRYPTION_KEYS", config));
  }
}

const foreign = (name: string, { DATA_DIR }: Config) =>
  `${name} is not what the database in ${DATA_DIR} was made with. ` +
  `Put your copy back, in ${join(DATA_DIR, "secrets", name)} or in the variable.`;
