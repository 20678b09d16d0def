import { reclaimSeats as reclaim } from "../../core/seats.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

const BATCH = 50;

/** Frees lapsed seats of one license, a bounded batch at a time. Returns how many were freed. */
export async function reclaimSeatsOf(
  deps: Deps,
  license: { readonly keyHash: string; readonly id: string },
): Promise<number> {
  const { items } = await deps.store.query(activations, "seatsOfLicense", {
    equal: { licenseId: license.id },
    range: { lte: deps.now() },
    limit: BATCH,
  });
  return items.length === 0
    ? 0
    : freeSeats(
        deps,
        license,
        items.map((activation) => activation.id),
      );
}

/** Looks again inside a transaction, so a seat that was renewed since stays taken. */
export function freeSeats(
  deps: Deps,
  license: { readonly keyHash: string; readonly id: string },
  activationIds: readonly string[],
): Promise<number> {
  const now = deps.now();
  return deps.store.transaction(async (tx) => {
    const current = await tx.get(licenses, license.keyHash);
    // The key was rotated meanwhile: the next run finds the license under its new one.
    if (current?.id !== license.id) return 0;
    const seats = await tx.getMany(activations, activationIds);
    const outcome = reclaim({ license: current, activations: seats, now });
    if (outcome.freed.length === 0) return 0;
    if (outcome.license !== current) tx.set(licenses, outcome.license);
    for (const activation of outcome.freed) tx.set(activations, activation);
    return outcome.freed.length;
  });
}
