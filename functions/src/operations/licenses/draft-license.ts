import { NO_ATTEMPTS } from "../../core/attempts.ts";
import { accept, type Decision, type Refusal, refuse } from "../../core/decision.ts";
import { type AskedTerms, termsOf, variantName } from "../../core/licenses.ts";
import { saleRefusal } from "../../core/products.ts";
import type { License, Product, Variant } from "../../core/records.ts";
import { NOTHING_WATCHED } from "../../core/watch.ts";
import { variants } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findProduct, reachProduct } from "../products/find-product.ts";
import { variantIdOf } from "../products/find-variant.ts";

export const DEFAULT_VARIANT = "indie";

export type DraftAsk = AskedTerms & {
  readonly email: string;
  readonly productId: string;
  readonly variant?: string | undefined;
  readonly discountCode?: string | undefined;
  readonly purchaseId?: string | undefined;
  readonly bundleId?: string | undefined;
  readonly unlockedProducts?: readonly string[] | undefined;
  readonly creatorId?: string | undefined;
};

type Draft = {
  readonly license: License;
  /** Why it may not be sold now; a license that was sold elsewhere may still be imported. */
  readonly unsold: Refusal | undefined;
};

/** A new active license of the asked terms; reads what they name and writes nothing. */
export async function draftLicense(
  deps: Pick<Deps, "vault">,
  reader: Reader,
  principal: Principal,
  ask: DraftAsk,
  made: Made,
): Promise<Decision<Draft>> {
  const found = await reachProduct(reader, principal, ask);
  if (!found.ok) return found;
  const { product } = found;
  const bundled = ask.unlockedProducts === undefined && product.unlocks.length > 0;
  const others = new Map<string, Product>();
  for (const reference of ask.unlockedProducts ?? []) {
    const other = await findProduct(reader, principal, reference);
    if (other?.accountId !== product.accountId) {
      return refuse("PRODUCT_NOT_FOUND", { field: "unlockedProducts" });
    }
    if (other.id !== product.id) others.set(other.id, other);
  }
  const unlocked = [...others.values()];
  const name = variantName(product.handle, ask.variant ?? DEFAULT_VARIANT);
  const variant = await reader.get(variants, variantIdOf(product.id, name));
  const unsold = unlocked.some((other) => saleRefusal(other))
    ? refuse("PRODUCT_ARCHIVED", { field: "unlockedProducts" })
    : undefined;
  const unlocks = bundled
    ? product.unlocks
    : unlocked.map((other) => ({ id: other.id, handle: other.handle }));
  const terms = { ...ask, bundleId: ask.bundleId ?? (bundled ? product.handle : undefined) };
  return accept({
    unsold: saleRefusal(product, variant) ?? unsold,
    license: newLicense(deps, { product, name, variant, unlocks }, terms, made),
  });
}

type Made = { readonly id: string; readonly licenseKey: string; readonly now: number };

/** A new active license of a product that was found already. */
export const newLicense = (
  deps: Pick<Deps, "vault">,
  what: {
    readonly product: Product;
    /** As it was asked for; a variant may not exist. */
    readonly name: string;
    readonly variant: Variant | undefined;
    readonly unlocks: Product["unlocks"];
  },
  ask: Omit<DraftAsk, "productId" | "variant" | "unlockedProducts" | "creatorId">,
  made: Made,
): License => ({
  keyHash: keyHashOf(deps, made.licenseKey),
  id: made.id,
  keySealed: deps.vault.seal("license-key", made.licenseKey),
  accountId: what.product.accountId,
  productId: what.product.id,
  productHandle: what.product.handle,
  unlockedProducts: what.unlocks,
  email: ask.email,
  variant: what.variant?.name ?? what.name,
  ...termsOf(ask, what.variant, made.now),
  tellExpiryAt: null,
  graceMs: 0,
  status: "active",
  threatLevel: 0,
  machinesUsed: 0,
  seatsUsed: 0,
  countEpoch: 0,
  countAhead: false,
  seatShards: 0,
  attempts: NO_ATTEMPTS,
  watch: NOTHING_WATCHED,
  violations: [],
  suspendsAt: null,
  standingChangedAt: null,
  statusBeforeRules: null,
  purchasedAt: null,
  discountCode: ask.discountCode ?? null,
  purchaseId: ask.purchaseId ?? null,
  bundleId: ask.bundleId ?? null,
  disputeReason: null,
  disputedAt: null,
  expiresAfterDays: null,
  fixedExpiresAt: null,
  activatedAt: null,
  policyOverride: null,
  slotsByPolicy: false,
  authorization: null,
  endUserId: null,
  ownerName: null,
  planId: null,
  note: null,
  refileAt: null,
  facets: [],
  createdAt: made.now,
  updatedAt: made.now,
});
