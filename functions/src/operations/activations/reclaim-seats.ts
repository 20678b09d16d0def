import { reclaimSeats as reclaim } from "../../core/seats.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countersOf, saveCounter } from "./seat-counter.ts";

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
    const machines = seats.filter((seat) => seat !== undefined);
    let count = 0;
    for (const { counter, machines: theirs } of await countersOf(tx, current, machines)) {
      const { license, freed } = reclaim({ license: counter.seen, activations: theirs, now });
      saveCounter(tx, counter, license);
      for (const activation of freed) tx.set(activations, activation);
      count += freed.length;
    }
    return count;
  });
}
