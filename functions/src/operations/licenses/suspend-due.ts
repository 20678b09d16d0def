import { suspendedWhenDue } from "../../core/enforcement.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { saveLicense } from "./change-license.ts";

const PAGE = 100;

/**
 * Writes `suspended` on licenses whose 72 hours are over, so that lists show what clients are told
 * already. What it writes leaves the query, so the next run resumes where this one stopped.
 */
export async function suspendDue(
  deps: Deps,
  { maxLicenses }: { maxLicenses: number },
): Promise<{ suspended: number; more: boolean }> {
  let suspended = 0;
  let after: string | undefined;
  for (let looked = 0; looked < maxLicenses; looked += PAGE) {
    const now = deps.now();
    const page = await deps.store.query(licenses, "bySuspension", {
      range: { lte: now },
      limit: PAGE,
      after,
    });
    for (const { keyHash } of page.items) {
      const announce = announcer(deps);
      const done = await deps.store.transaction(async (tx) => {
        const current = await tx.get(licenses, keyHash);
        const next = current && suspendedWhenDue(current, now);
        if (!current || !next || next === current) return false;
        const after = { ...next, updatedAt: now };
        saveLicense(deps, tx, { before: current, after, announce });
        return true;
      });
      if (done) suspended += 1;
    }
    if (!page.next) return { suspended, more: false };
    after = page.next;
  }
  return { suspended, more: true };
}
