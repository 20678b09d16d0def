import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { type Announce, announcer } from "../events/announce.ts";

const PAGE = 100;

export type Swept = { readonly settled: number; readonly more: boolean };

/**
 * Settles licenses whose time has come, each in a transaction that looks again: another run may have
 * been here. What is settled leaves the query, so the next run resumes where this one stopped.
 */
export async function sweepLicenses(
  deps: Deps,
  sweep: {
    /** Ordered by the instant that is due. */
    readonly query: "byExpiryToTell" | "bySuspension" | "allByRefiling";
    readonly maxLicenses: number;
    /** Writes what is due; false when nothing is, any more. */
    readonly settle: (
      tx: Transaction,
      license: License,
      announce: Announce,
      now: number,
    ) => boolean;
  },
): Promise<Swept> {
  let settled = 0;
  let after: string | undefined;
  for (let looked = 0; looked < sweep.maxLicenses; looked += PAGE) {
    const now = deps.now();
    const page = await deps.store.query(licenses, sweep.query, {
      range: { lte: now },
      limit: PAGE,
      after,
    });
    for (const { keyHash } of page.items) {
      const announce = announcer(deps);
      const done = await deps.store.transaction(async (tx) => {
        const current = await tx.get(licenses, keyHash);
        return current !== undefined && sweep.settle(tx, current, announce, now);
      });
      if (done) settled += 1;
    }
    if (!page.next) return { settled, more: false };
    after = page.next;
  }
  return { settled, more: true };
}
