import { decideDeactivation } from "../../core/activations.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import type { License } from "../../core/records.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { keyHashOf, loadHeld, type MachineAsk } from "./machine.ts";
import { type Usage, usageOf } from "./usage.ts";

export type Deactivated = { readonly license: License; readonly usage: Usage };

/** Frees the machine's slot or seat and forgets the machine. */
export async function deactivate(deps: Deps, ask: MachineAsk): Promise<Decision<Deactivated>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const announce = announcer(deps);
  const decision = await deps.once(async (tx): Promise<Decision<{ license: License }>> => {
    const held = await loadHeld(tx, keyHash, ask.machineFingerprint);
    const outcome = decideDeactivation(held);
    if (!outcome.ok) return outcome;
    if (outcome.license !== held.license) tx.set(licenses, outcome.license);
    tx.delete(activations, outcome.activation.id);
    announce(tx, machineEvent("license.deactivated", outcome));
    return accept({ license: outcome.license });
  });
  if (!decision.ok) return decision;
  return accept({ license: decision.license, usage: await usageOf(deps, decision.license) });
}
