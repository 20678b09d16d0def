import { accept, type Decision, refuse } from "../../core/decision.ts";
import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../core/license-keys.ts";
import { type AskedTerms, termsOf, variantName } from "../../core/licenses.ts";
import type { License, Product } from "../../core/records.ts";
import { licenses, variants } from "../../store/collections.ts";
import { owningAccount } from "../accounts.ts";
import { keyHashOf } from "../activations/machine.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { variantIdOf } from "../products/create-variant.ts";
import { findProduct } from "../products/find-product.ts";

const DEFAULT_VARIANT = "indie";

export type CreateLicenseAsk = AskedTerms & {
  readonly email: string;
  readonly productId: string;
  readonly variant?: string | undefined;
  readonly discountCode?: string | undefined;
  readonly purchaseId?: string | undefined;
  readonly bundleId?: string | undefined;
  readonly unlockedProducts?: readonly string[] | undefined;
  readonly creatorId?: string | undefined;
};

type Created = { readonly licenseKey: string };

/** Makes a license with a new key. The key is in the answer and, sealed, in the record. */
export async function createLicense(
  deps: Deps,
  principal: Principal,
  ask: CreateLicenseAsk,
): Promise<Decision<Created>> {
  const owner = owningAccount(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const licenseKey = formatLicenseKey(deps.randomBytes(LICENSE_KEY_BYTES));
  const id = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Created>> => {
    const product = await findProduct(tx, principal, ask.productId);
    if (!product || (ask.creatorId !== undefined && product.accountId !== owner.accountId))
      return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    const unlocked: Product[] = [];
    for (const reference of ask.unlockedProducts ?? []) {
      const other = await findProduct(tx, principal, reference);
      if (other?.accountId !== product.accountId) {
        return refuse("PRODUCT_NOT_FOUND", { field: "unlockedProducts" });
      }
      unlocked.push(other);
    }
    const name = variantName(product.handle, ask.variant ?? DEFAULT_VARIANT);
    const variant = await tx.get(variants, variantIdOf(product.id, name));
    const license: License = {
      keyHash: keyHashOf(deps, licenseKey),
      id,
      keySealed: deps.vault.seal("license-key", licenseKey),
      accountId: product.accountId,
      productId: product.id,
      productHandle: product.handle,
      unlockedProducts: unlocked.map((other) => ({ id: other.id, handle: other.handle })),
      email: ask.email,
      variant: variant?.name ?? name,
      ...termsOf(ask, variant, now),
      status: "active",
      threatLevel: 0,
      machinesUsed: 0,
      seatsUsed: 0,
      attempts: { startedAt: 0, count: 0 },
      purchasedAt: null,
      discountCode: ask.discountCode ?? null,
      purchaseId: ask.purchaseId ?? null,
      bundleId: ask.bundleId ?? null,
      disputeReason: null,
      disputedAt: null,
      createdAt: now,
      updatedAt: now,
    };
    tx.create(licenses, license);
    audit(tx, {
      accountId: license.accountId,
      action: "license.create",
      targetId: id,
      before: null,
      after: license,
    });
    return accept({ licenseKey });
  });
}
