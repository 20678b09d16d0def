import { activations, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { freeSeats } from "./reclaim-seats.ts";

const PAGE = 100;

/**
 * Frees lapsed seats, oldest first, until none or `maxSeats` are left to look at. What it frees
 * leaves the query, so the next run resumes where this one stopped.
 */
export async function expireFloatingSessions(
  deps: Deps,
  { maxSeats }: { maxSeats: number },
): Promise<{ freed: number; more: boolean }> {
  let freed = 0;
  let after: string | undefined;
  for (let looked = 0; looked < maxSeats; looked += PAGE) {
    const page = await deps.store.query(activations, "seats", {
      range: { lte: deps.now() },
      limit: PAGE,
      after,
    });
    const seatsOf = Map.groupBy(page.items, (activation) => activation.licenseId);
    for (const [licenseId, seats] of seatsOf) {
      const found = await deps.store.query(licenses, "byIdentity", {
        equal: { id: licenseId },
        limit: 1,
      });
      const license = found.items[0];
      if (!license) continue;
      freed += await freeSeats(
        deps,
        license,
        seats.map((seat) => seat.id),
      );
    }
    if (!page.next) return { freed, more: false };
    after = page.next;
  }
  return { freed, more: true };
}
