import { accept, type Decision, refuse } from "../../core/decision.ts";
import { productEvent } from "../../core/events.ts";
import type { Policy } from "../../core/policies.ts";
import type { Product } from "../../core/records.ts";
import { products, reservations } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { bundleOf } from "./bundle.ts";
import type { EnforcementAsk, SalesAsk } from "./create-product.ts";
import { reachProduct, slugReservationId } from "./find-product.ts";
import { claimPaymentIds, paymentIdsAfter } from "./payment-ids.ts";

export type UpdateProductAsk = SalesAsk & {
  readonly productId: string;
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: Product["status"] | undefined;
  readonly enforcement?: EnforcementAsk | undefined;
  readonly defaultPolicy?: Policy | null | undefined;
  readonly enabled?: boolean | undefined;
  readonly expiresAt?: number | null | undefined;
};

/** Changes a product. New names are taken and old ones freed in the same transaction. */
export async function updateProduct(
  deps: Deps,
  principal: Principal,
  { productId, enforcement = {}, paymentIds = {}, unlocks, ...asked }: UpdateProductAsk,
): Promise<Decision<{ product: Product }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<{ product: Product }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const before = found.product;
    const bundle = unlocks && (await bundleOf(tx, principal, before, unlocks));
    if (bundle?.ok === false) return bundle;
    const fields = {
      ...given(asked),
      enforcement: { ...before.enforcement, ...given(enforcement) },
      unlocks: bundle?.unlocks ?? before.unlocks,
      paymentIds: paymentIdsAfter(before, paymentIds),
    };
    if (!changes(before, fields)) return accept({ product: before });
    const product: Product = { ...before, ...fields, updatedAt: now };
    const claimed = await claimPaymentIds(tx, product, before.paymentIds);
    if (!claimed.ok) return claimed;
    const renamed = await claimSlug(tx, product, before.slug);
    if (!renamed.ok) return renamed;
    claimed.claim(tx);
    renamed.claim(tx);
    tx.set(products, product);
    announce(tx, productEvent("product.updated", product));
    const { id, accountId } = product;
    audit(tx, { accountId, action: "product.update", targetId: id, before, after: product });
    return accept({ product });
  });
}

/** Reads whether the product's new slug is taken, and returns the writes that change it. */
async function claimSlug(
  reader: Reader,
  { id, accountId, slug, updatedAt }: Product,
  before: string,
): Promise<Decision<{ claim: (tx: Transaction) => void }>> {
  if (slug === before) return accept({ claim: () => undefined });
  const taken = slugReservationId(accountId, slug);
  if (await reader.get(reservations, taken)) return refuse("SLUG_TAKEN", { field: "slug" });
  const claim = (tx: Transaction) => {
    tx.delete(reservations, slugReservationId(accountId, before));
    tx.create(reservations, {
      id: taken,
      kind: "product-slug",
      accountId,
      targetId: id,
      createdAt: updatedAt,
    });
  };
  return accept({ claim });
}
