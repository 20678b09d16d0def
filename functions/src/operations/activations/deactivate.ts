import { accept, type Decision } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { freeMachine } from "./free-machine.ts";
import { keyHashOf, loadHeld, type MachineAsk } from "./machine.ts";
import { type Usage, usageOf } from "./usage.ts";

export type Deactivated = { readonly license: License; readonly usage: Usage };

/** Frees the machine's slot or seat and forgets the machine. */
export async function deactivate(deps: Deps, ask: MachineAsk): Promise<Decision<Deactivated>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const announce = announcer(deps);
  const pool = await deps.seatPools.known(deps.store, keyHash);
  const decision = await deps.once(async (tx): Promise<Decision<{ license: License }>> => {
    const held = await loadHeld(tx, keyHash, ask.machineFingerprint, pool);
    const outcome = await freeMachine(tx, held);
    if (!outcome.ok) return outcome;
    announce(tx, machineEvent("license.deactivated", outcome));
    return accept({ license: outcome.license });
  });
  if (!decision.ok) return decision;
  return accept({ license: decision.license, usage: await usageOf(deps, decision.license) });
}
