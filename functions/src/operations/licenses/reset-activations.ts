import { decideReset } from "../../core/activations.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import type { License } from "../../core/records.ts";
import { activations } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import { countersOf, saveCounter } from "../activations/seat-counter.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { reachLicense } from "./change-license.ts";

const PAGE = 200;

type Reset = { readonly deletedCount: number; readonly license: License };

/**
 * Forgets every machine of a license and its attempts to activate, a page and a transaction at a time. Machines that activate
 * meanwhile may stay; a repeat after a crash goes on where it stopped.
 */
export async function resetActivations(
  deps: Deps,
  principal: Principal,
  licenseKey: string,
): Promise<Decision<Reset>> {
  const keyHash = keyHashOf(deps, licenseKey);
  const found = await reachLicense(deps.store, principal, keyHash);
  if (!found.ok) return found;
  let { license } = found;
  let deletedCount = 0;
  let after: string | undefined;
  do {
    const page = await deps.store.query(activations, "byLicense", {
      equal: { licenseId: license.id },
      limit: PAGE,
      after,
    });
    const ids = page.items.map((activation) => activation.id);
    const decision = await forget(deps, principal, license, ids);
    if (!decision.ok) return decision;
    deletedCount += decision.deletedCount;
    license = decision.license;
    after = page.next;
  } while (after);
  return accept({ deletedCount, license });
}

function forget(
  deps: Deps,
  principal: Principal,
  { keyHash, id, accountId }: License,
  ids: readonly string[],
): Promise<Decision<Reset>> {
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  const now = deps.now();
  return deps.store.transaction(async (tx): Promise<Decision<Reset>> => {
    const found = await reachLicense(tx, principal, keyHash);
    if (!found.ok) return found;
    const before = found.license;
    if (before.id !== id) return refuse("LICENSE_NOT_FOUND");
    const machines = ids.length > 0 ? await tx.getMany(activations, ids) : [];
    const there = machines.filter((machine) => machine !== undefined);
    const counters = await countersOf(tx, before, there, "all");
    let license = before;
    for (const { counter, machines } of counters) {
      const reset = decideReset({ license: counter.seen, activations: machines, now });
      license = saveCounter(tx, counter, reset.license);
    }
    if (license === before && there.length === 0) return accept({ deletedCount: 0, license });
    for (const activation of there) {
      tx.delete(activations, activation.id);
      announce(tx, machineEvent("license.deactivated", { license, activation }));
    }
    audit(tx, {
      accountId,
      action: "license.resetActivations",
      targetId: before.id,
      before: { activations: there.length, attempts: before.attempts.count },
      after: { activations: 0, attempts: license.attempts.count },
    });
    return accept({ deletedCount: there.length, license });
  });
}
