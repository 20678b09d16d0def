import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { EntitlementGrant } from "../../core/subscriptions.ts";
import { derivedId } from "../../crypto/vault.ts";
import { entitlementGrants } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { emailHashOf } from "../users/emails.ts";

/** Which grant is meant: there is one for an address, a product and a feature. */
export type GrantReference = {
  readonly email: string;
  /** Handle or UUID. */
  readonly productId: string;
  readonly feature: string;
};

const grantId = (userHash: string, productId: string, feature: string): string =>
  derivedId("entitlement-grant", userHash, productId, feature);

/** Gives a feature to whoever has the address or will register with it; given again it has the new terms. */
export function grantEntitlement(
  deps: Deps,
  principal: Principal,
  ask: GrantReference & Pick<EntitlementGrant, "source" | "expiresAt">,
): Promise<Decision<{ grant: EntitlementGrant; product: { readonly handle: string } }>> {
  const { feature, source, expiresAt } = ask;
  const now = deps.now();
  const userHash = emailHashOf(deps.vault, ask.email);
  const audit = auditor(deps, principal);
  return deps.once(async (tx) => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    if (expiresAt !== null && expiresAt <= now)
      return refuse("EXPIRY_PAST", { field: "expiresAt" });
    const { product } = found;
    const { accountId } = product;
    const id = grantId(userHash, product.id, feature);
    const before = (await tx.get(entitlementGrants, id)) ?? null;
    const grant: EntitlementGrant = {
      ...{ id, userHash, accountId, productId: product.id, feature, source, expiresAt },
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
    tx.set(entitlementGrants, grant);
    audit(tx, { accountId, action: "entitlement.grant", targetId: id, before, after: grant });
    return accept({ grant, product });
  });
}

/** Takes it back; `revoked` says whether there was one. */
export function revokeEntitlement(
  deps: Deps,
  principal: Principal,
  ask: GrantReference,
): Promise<Decision<{ revoked: boolean }>> {
  const userHash = emailHashOf(deps.vault, ask.email);
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ revoked: boolean }>> => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const id = grantId(userHash, found.product.id, ask.feature);
    const before = await tx.get(entitlementGrants, id);
    if (!before) return accept({ revoked: false });
    const { accountId } = before;
    tx.delete(entitlementGrants, id);
    audit(tx, { accountId, action: "entitlement.revoke", targetId: id, before, after: null });
    return accept({ revoked: true });
  });
}
