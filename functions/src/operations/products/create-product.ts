import { accept, type Decision, refuse } from "../../core/decision.ts";
import { NO_LIMITS_SET } from "../../core/enforcement.ts";
import { productEvent } from "../../core/events.ts";
import type { Policy } from "../../core/policies.ts";
import { productHandle, slugCandidates } from "../../core/products.ts";
import type { EnforcementLimits, Product } from "../../core/records.ts";
import { products, reservations } from "../../store/collections.ts";
import { accountOnFirstUse, owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { bundleOf } from "./bundle.ts";
import { handleReservationId, slugReservationId, uuidOf } from "./find-product.ts";
import { claimPaymentIds, type PaymentIdsAsk, paymentIdsAfter } from "./payment-ids.ts";

/** What is left out stays as it is; null goes back to the default. */
export type EnforcementAsk = {
  readonly [Limit in keyof EnforcementLimits]?: number | null | undefined;
};

/** What a product says about its sales; what is left out stays as it is. */
export type SalesAsk = {
  readonly paymentIds?: PaymentIdsAsk | undefined;
  /** Handles or UUIDs. */
  readonly unlocks?: readonly string[] | undefined;
  readonly quantity?: Product["quantity"] | undefined;
  readonly graceDays?: number | null | undefined;
};

export type CreateProductAsk = SalesAsk & {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly productId?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: Product["status"] | undefined;
  readonly enforcement?: EnforcementAsk | undefined;
  readonly defaultPolicy?: Policy | null | undefined;
  readonly creatorId?: string | undefined;
};

/** Makes a product; its handle is unique in the service, its slug in the account. */
export async function createProduct(
  deps: Deps,
  principal: Principal,
  ask: CreateProductAsk,
): Promise<Decision<{ product: Product }>> {
  const owner = owningAccount(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  // A handle in the form of a UUID could be taken for another product's identity.
  if (ask.productId && uuidOf(ask.productId)) {
    return refuse("PRODUCT_ID_RESERVED", { field: "productId" });
  }
  const id = deps.newId();
  const now = deps.now();
  const handle = ask.productId ?? productHandle(id);
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  const slugs = ask.slug === undefined ? slugCandidates(ask.name, id) : [ask.slug];
  return deps.once(async (tx): Promise<Decision<{ product: Product }>> => {
    const makeAccount = await accountOnFirstUse(tx, accountId, now);
    const [handleTaken, ...slugsTaken] = await tx.getMany(reservations, [
      handleReservationId(handle),
      ...slugs.map((slug) => slugReservationId(accountId, slug)),
    ]);
    if (handleTaken) return refuse("PRODUCT_ID_TAKEN", { field: "productId" });
    const bundle = await bundleOf(tx, principal, { id, accountId }, ask.unlocks ?? []);
    if (!bundle.ok) return bundle;
    const slug = slugs.find((_, index) => !slugsTaken[index]);
    if (slug === undefined) return refuse("SLUG_TAKEN", { field: "slug" });
    const product: Product = {
      id,
      accountId,
      handle,
      slug,
      name: ask.name,
      description: ask.description ?? "",
      status: ask.status ?? "live",
      enforcement: { ...NO_LIMITS_SET, ...given(ask.enforcement ?? {}) },
      paymentIds: paymentIdsAfter({ handle, paymentIds: [] }, ask.paymentIds ?? {}),
      unlocks: bundle.unlocks,
      quantity: ask.quantity ?? "seats",
      graceDays: ask.graceDays ?? null,
      defaultPolicy: ask.defaultPolicy ?? null,
      blacklist: { hwids: 0, ips: 0, ranges: [] },
      webhookEndpoints: 0,
      enabled: true,
      expiresAt: null,
      createdAt: now,
      updatedAt: now,
    };
    const claimed = await claimPaymentIds(tx, product, []);
    if (!claimed.ok) return claimed;
    const reservation = { accountId, targetId: id, createdAt: now };
    makeAccount(tx);
    tx.create(products, product);
    announce(tx, productEvent("product.created", product));
    claimed.claim(tx);
    audit(tx, {
      accountId,
      action: "product.create",
      targetId: id,
      before: null,
      after: product,
    });
    tx.create(reservations, {
      ...reservation,
      id: handleReservationId(handle),
      kind: "product-handle",
    });
    tx.create(reservations, {
      ...reservation,
      id: slugReservationId(accountId, slug),
      kind: "product-slug",
    });
    return accept({ product });
  });
}
