import { accept, type Decision, refuse } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import type { License } from "../../core/records.ts";
import { freeMachine } from "../activations/free-machine.ts";
import { keyHashOf, loadHeld, type MachineAsk } from "../activations/machine.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { mayReach, type Principal } from "../principal.ts";

/** Frees the slot or seat of a machine that cannot do so itself any more. */
export function deactivateMachine(
  deps: Deps,
  principal: Principal,
  ask: MachineAsk,
): Promise<Decision<{ license: License }>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<{ license: License }>> => {
    const held = await loadHeld(tx, keyHash, ask.machineFingerprint);
    const before = held.license;
    if (!before || !mayReach(principal, before.accountId, before.productId))
      return refuse("LICENSE_NOT_FOUND");
    const decision = await freeMachine(tx, held);
    if (!decision.ok) return decision;
    announce(tx, machineEvent("license.deactivated", decision));
    audit(tx, {
      accountId: before.accountId,
      action: "license.deactivateMachine",
      targetId: before.id,
      before: { machine: decision.activation.fingerprint, hostname: decision.activation.hostname },
      after: { machine: null, hostname: null },
    });
    return accept({ license: decision.license });
  });
}
