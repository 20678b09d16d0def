import { expiredEvent } from "../../core/events.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";

const PAGE = 100;

/**
 * Tells of licenses whose expiry has come, once for each expiry. What it tells of leaves the query,
 * so the next run resumes where this one stopped. Nothing but the event depends on it.
 */
export async function expireDue(
  deps: Deps,
  { maxLicenses }: { maxLicenses: number },
): Promise<{ expired: number; more: boolean }> {
  let expired = 0;
  let after: string | undefined;
  for (let looked = 0; looked < maxLicenses; looked += PAGE) {
    const now = deps.now();
    const page = await deps.store.query(licenses, "byExpiryToTell", {
      range: { lte: now },
      limit: PAGE,
      after,
    });
    for (const { keyHash } of page.items) {
      const announce = announcer(deps);
      const told = await deps.store.transaction(async (tx) => {
        const current = await tx.get(licenses, keyHash);
        // Told by another run, or put off: there is another expiry to tell then.
        if (!current || current.tellExpiryAt === null || current.tellExpiryAt > now) return false;
        tx.set(licenses, { ...current, tellExpiryAt: null });
        announce(tx, expiredEvent(current));
        return true;
      });
      if (told) expired += 1;
    }
    if (!page.next) return { expired, more: false };
    after = page.next;
  }
  return { expired, more: true };
}
