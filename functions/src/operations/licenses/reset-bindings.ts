import { accept, type Decision } from "../../core/decision.ts";
import { licenseEvent } from "../../core/events.ts";
import { policyOf } from "../../core/policies.ts";
import { type BindingKind, decideBindingReset, type ResetState } from "../../core/resets.ts";
import { licenses, products } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { withLicense } from "./find-license.ts";

export type BindingsReset = {
  readonly licenseId: string;
  readonly cleared: number;
  readonly resets: ResetState;
};

/** Forgets the devices or the addresses that a license is bound to, as its vendor wishes. */
export function resetBindings(
  deps: Deps,
  principal: Principal,
  { licenseId, kind }: { readonly licenseId: string; readonly kind: BindingKind },
): Promise<Decision<BindingsReset>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return withLicense(deps, principal, {
    which: { licenseId },
    transaction: deps.once,
    body: async (tx, before): Promise<Decision<BindingsReset>> => {
      const product = await tx.get(products, before.productId);
      const policy = policyOf(product?.defaultPolicy ?? null, before.policyOverride);
      const reset = decideBindingReset({ license: before, kind, policy, isCustomers: false, now });
      if (!reset.ok) return reset;
      const { license, cleared, resets } = reset;
      tx.set(licenses, { ...license, updatedAt: now });
      announce(
        tx,
        licenseEvent(kind === "hwid" ? "license.hwid_reset" : "license.ip_reset", license),
      );
      audit(tx, {
        accountId: before.accountId,
        action: kind === "hwid" ? "license.resetHwid" : "license.resetIp",
        targetId: before.id,
        before: { bindings: cleared, resets: resets.used - 1 },
        after: { bindings: 0, resets: resets.used },
      });
      return accept({ licenseId, cleared, resets });
    },
  });
}
