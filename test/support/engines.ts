import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Firestore } from "firebase-admin/firestore";
import { collections } from "../../functions/src/store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { firestoreStore } from "../../functions/src/store/firestore.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { startFirestoreDouble } from "./firestore-double/server.ts";

/** `open` gives an empty store each time; a request may meet a busy one and is sent again so often. */
type Engine = { name: string; open: () => DocumentStore; retries: number };

/** Runs it again while the store is busy. */
export async function patiently<R>(run: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
  }
}

/** Every engine the service runs on, ready before the tests of the calling file. */
export function useEngines(): Engine[] {
  // The client would leave the double for the emulator.
  delete process.env.FIRESTORE_EMULATOR_HOST;
  process.env.METADATA_SERVER_DETECTION = "none";
  let directory: string;
  let double: Awaited<ReturnType<typeof startFirestoreDouble>>;
  let opened = 0;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "latchkey-races-"));
    const indexes = join(__dirname, "../../firestore.indexes.json");
    double = await startFirestoreDouble({ indexes: JSON.parse(readFileSync(indexes, "utf8")) });
  });
  afterAll(async () => {
    await double.close();
    rmSync(directory, { recursive: true });
  });
  return [
    {
      name: "SQLite in memory",
      open: () => openSqliteStore({ path: ":memory:", collections }),
      retries: 0,
    },
    {
      name: "SQLite in a file",
      open: () => openSqliteStore({ path: join(directory, `${++opened}.sqlite`), collections }),
      retries: 0,
    },
    {
      name: "Firestore",
      open: () => {
        const projectId = `demo-races-${++opened}`;
        return firestoreStore(new Firestore({ projectId, host: double.host, ssl: false }));
      },
      retries: 5,
    },
  ];
}
