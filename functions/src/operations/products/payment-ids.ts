import { accept, type Decision, refuse } from "../../core/decision.ts";
import { variantName } from "../../core/licenses.ts";
import { type Provider, SELLERS } from "../../core/payments.ts";
import type { PaymentId, Product } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { paymentIds } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";

/** The most documents one call changes, so that its transaction stays below 500 writes. */
const MOST_CHANGES = 400;

/** What is left out stays as it is; a provider's list replaces the one it had. */
export type PaymentIdsAsk = {
  readonly [Seller in PaymentId["provider"]]?:
    | readonly { readonly id: string; readonly variant?: string | null | undefined }[]
    | undefined;
};

const documentId = (provider: Provider, id: string): string =>
  derivedId("payment-id", provider, id);

/** The product's ids as they will be. */
export const paymentIdsAfter = (
  product: Pick<Product, "handle" | "paymentIds">,
  ask: PaymentIdsAsk,
): PaymentId[] =>
  SELLERS.flatMap(
    (provider) =>
      ask[provider]?.map(({ id, variant }) => ({
        provider,
        id,
        variant: variant == null ? null : variantName(product.handle, variant),
      })) ?? product.paymentIds.filter((known) => known.provider === provider),
  );

/** Reads which of the product's new ids are taken, and returns the writes that change hands. */
export async function claimPaymentIds(
  reader: Reader,
  product: Product,
  before: readonly PaymentId[],
): Promise<Decision<{ claim: (tx: Transaction) => void }>> {
  const held = byDocument(before);
  const wanted = byDocument(product.paymentIds);
  const freed = [...held.keys()].filter((id) => !wanted.has(id));
  const fresh = [...wanted].filter(([id]) => !held.has(id));
  const moved = [...wanted].filter(
    ([id, { variant }]) => held.has(id) && held.get(id)?.variant !== variant,
  );
  if (freed.length + fresh.length + moved.length > MOST_CHANGES) {
    return refuse("PAYMENT_IDS_TOO_MANY", { field: "paymentIds", limit: MOST_CHANGES });
  }
  const owners = await reader.getMany(
    paymentIds,
    fresh.map(([id]) => id),
  );
  const [, taken] = fresh.find((_, index) => owners[index]) ?? [];
  if (taken) return refuse("PAYMENT_ID_TAKEN", { field: `paymentIds.${taken.provider}` });
  const claim = (tx: Transaction) => {
    const { accountId, id: productId, updatedAt: createdAt } = product;
    for (const id of freed) tx.delete(paymentIds, id);
    for (const [id, { variant }] of moved) tx.update(paymentIds, id, { variant });
    for (const [id, { variant }] of fresh) {
      tx.create(paymentIds, { id, accountId, productId, variant, createdAt });
    }
  };
  return accept({ claim });
}

/** Nothing is sold under the product's ids any more. */
export function freePaymentIds(tx: Transaction, product: Pick<Product, "paymentIds">): void {
  for (const id of byDocument(product.paymentIds).keys()) tx.delete(paymentIds, id);
}

const byDocument = (ids: readonly PaymentId[]): Map<string, PaymentId> =>
  new Map(ids.map((one) => [documentId(one.provider, one.id), one]));

/** The product that is sold under the first of these ids that any product has. */
export async function findByPaymentId(
  reader: Reader,
  provider: Provider,
  ids: readonly string[],
): Promise<{ productId: string; variant: string | null } | undefined> {
  const found = await reader.getMany(
    paymentIds,
    ids.map((id) => documentId(provider, id)),
  );
  const first = found.find((owner) => owner !== undefined);
  return first && { productId: first.productId, variant: first.variant };
}
