import { readFileSync } from "node:fs";
import { Firestore } from "firebase-admin/firestore";
import { firestoreStore } from "../../functions/src/store/firestore.ts";
import type { Billed } from "../../test/support/firestore-double/handlers.ts";
import { startFirestoreDouble } from "../../test/support/firestore-double/server.ts";
import { machine, openWorld, type World } from "../../test/support/world.ts";
import type { Call } from "./calls.ts";

export type Priced = Call & { readonly billed: Billed };

type Prices = {
  readonly perHundredThousand: Readonly<Record<"reads" | "writes" | "deletes", number>>;
  /** A query counts up to 1,000 index entries for one read. */
  readonly aggregateCountsAsReads: number;
};

/**
 * What Firestore would bill for each call: counted where its client arrives, so that what the service
 * says of itself is not asked. `root` is the repository's directory, with a `/` at its end.
 */
export async function priceCalls(calls: readonly Call[], root: string): Promise<Priced[]> {
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const indexes = JSON.parse(readFileSync(`${root}firestore.indexes.json`, "utf8"));
  const double = await startFirestoreDouble({ indexes });
  const priced: Priced[] = [];
  for (const call of calls) {
    double.clear();
    const options = { projectId: "demo-cost", host: double.host, ssl: false };
    const store = firestoreStore(new Firestore(options));
    const world = await openWorld({ store });
    await warm(world);
    const run = await call.prepare(world);
    await world.settled();
    const before = double.stats.billed;
    await run();
    await world.settled();
    const after = double.stats.billed;
    priced.push({
      ...call,
      billed: {
        reads: after.reads - before.reads,
        writes: after.writes - before.writes,
        deletes: after.deletes - before.deletes,
        aggregates: after.aggregates - before.aggregates,
      },
    });
    await world.close();
  }
  await double.close();
  return priced;
}

/** An instance reads some things once in a while: they are not of the call. */
async function warm(world: World): Promise<void> {
  const licenseKey = await world.license();
  const { body } = await world.call("activate", machine(licenseKey, "warm"));
  const session = { licenseKey, machineFingerprint: "fp-warm", token: body["token"] };
  await world.call("validate", session);
}

/** Of a million calls. */
export const price = (billed: Partial<Billed>, prices: Prices): number => {
  const { reads = 0, writes = 0, deletes = 0, aggregates = 0 } = billed;
  const { perHundredThousand: each, aggregateCountsAsReads } = prices;
  const paidReads = reads + aggregates * aggregateCountsAsReads;
  return 10 * (paidReads * each.reads + writes * each.writes + deletes * each.deletes);
};
