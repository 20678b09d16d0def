import type { Delivery } from "../../core/webhooks.ts";
import { deliveries } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { claim } from "./attempt.ts";
import type { Job } from "./fan-out.ts";

type Reach = Pick<Deps, "store" | "now">;

/** Who settles the earlier one wakes the later; this is for when it died in between. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** The earliest of a license that an endpoint has not had. */
async function firstPending(
  { store }: Reach,
  { endpointId, licenseId }: Delivery,
): Promise<Delivery | undefined> {
  const equal = { endpointId, licenseId, state: "pending" };
  const page = await store.query(deliveries, "pendingOfLicense", { equal, limit: 1 });
  return page.items[0];
}

/** Claims a delivery if no earlier one of its license is pending; else it waits for that. */
export async function claimInTurn(deps: Reach, delivery: Delivery): Promise<Delivery | undefined> {
  for (;;) {
    const first = await firstPending(deps, delivery);
    if (!first || first.id === delivery.id) return claim(deps, delivery.id);
    const now = deps.now();
    const waits = await deps.store.transaction(async (tx) => {
      const earlier = await tx.get(deliveries, first.id);
      const current = await tx.get(deliveries, delivery.id);
      if (current?.state !== "pending" || current.attempts !== delivery.attempts) return true;
      // Settled since: nobody would wake the one that waits for it.
      if (earlier?.state !== "pending") return false;
      const dueAt = Math.max(earlier.dueAt ?? 0, now + LONGEST_WAIT_MS);
      tx.update(deliveries, delivery.id, { dueAt, updatedAt: now });
      return true;
    });
    if (waits) return undefined;
  }
}

/** Claims the delivery whose turn it is after this one; none while this one has attempts left. */
export async function nextInTurn(deps: Reach, { delivery }: Job): Promise<Delivery | undefined> {
  const next = await firstPending(deps, delivery);
  return next && next.attempts === 0 ? claim(deps, next.id, { early: true }) : undefined;
}
