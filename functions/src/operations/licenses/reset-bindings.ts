import { accept, type Decision } from "../../core/decision.ts";
import { licenseEvent } from "../../core/events.ts";
import { policyOf } from "../../core/policies.ts";
import type { License } from "../../core/records.ts";
import { type BindingKind, decideBindingReset, type ResetState } from "../../core/resets.ts";
import { licenses, products } from "../../store/collections.ts";
import { type Audit, auditor, auditorAs } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { mayReach, type Principal } from "../principal.ts";
import { withReachedLicense } from "./find-license.ts";

export type BindingsReset = {
  readonly licenseId: string;
  readonly cleared: number;
  readonly resets: ResetState;
};

/** Forgets the devices or the addresses that a license is bound to, as its vendor wishes. */
export const resetBindings = (
  deps: Deps,
  principal: Principal,
  ask: { readonly licenseId: string; readonly kind: BindingKind },
): Promise<Decision<BindingsReset>> =>
  reset(deps, {
    ...ask,
    isCustomers: false,
    audit: auditor(deps, principal),
    reaches: ({ accountId, productId }) => mayReach(principal, accountId, productId),
  });

/** Forgets the devices that a license is bound to, as the customer wishes who has it. */
export const resetOwnDevices = (
  deps: Deps,
  { endUserId, licenseId }: { readonly endUserId: string; readonly licenseId: string },
): Promise<Decision<BindingsReset>> =>
  reset(deps, {
    ...{ licenseId, kind: "hwid", isCustomers: true },
    audit: auditorAs(deps, { kind: "end-user", keyId: null, userId: endUserId }),
    reaches: (license) => license.endUserId === endUserId,
  });

function reset(
  deps: Deps,
  ask: {
    readonly licenseId: string;
    readonly kind: BindingKind;
    readonly isCustomers: boolean;
    readonly audit: Audit;
    readonly reaches: (license: License) => boolean;
  },
): Promise<Decision<BindingsReset>> {
  const { licenseId, kind, isCustomers, audit, reaches } = ask;
  const now = deps.now();
  const announce = announcer(deps);
  return withReachedLicense(deps, {
    which: { licenseId },
    reaches,
    transaction: deps.once,
    body: async (tx, before): Promise<Decision<BindingsReset>> => {
      const product = await tx.get(products, before.productId);
      const policy = policyOf(product?.defaultPolicy ?? null, before.policyOverride);
      const decision = decideBindingReset({ license: before, kind, policy, isCustomers, now });
      if (!decision.ok) return decision;
      const { license, cleared, resets } = decision;
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
