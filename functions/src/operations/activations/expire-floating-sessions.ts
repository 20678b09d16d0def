import { activations } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { licenseById } from "../licenses/find-license.ts";
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
      const license = await licenseById(deps, licenseId);
      if (!license) {
        // The license was deleted and its machines were not, for a crash.
        await deps.store.commit(
          seats.map(({ id }) => ({ kind: "delete" as const, collection: activations, id })),
        );
        continue;
      }
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
