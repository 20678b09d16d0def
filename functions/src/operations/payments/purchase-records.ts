import type { PaymentEvent, Provider } from "../../core/payments.ts";
import { mergedPurchase, newPurchase, type Purchase } from "../../core/purchases.ts";
import { derivedId } from "../../crypto/vault.ts";
import { purchaseReferences, purchases } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

/** Names of a provider; `scope` is what they are unique in where they are not unique everywhere. */
export type Names = { readonly provider: Provider; readonly scope: string };

const referenceId = ({ provider, scope }: Names, reference: string): string =>
  derivedId("purchase-reference", provider, scope, reference);

export const claimId = ({ provider, scope }: Names, claim: string): string =>
  derivedId("payment-claim", provider, scope, claim);

/** By which the seller's own events find a subscription whose purchase they do not name. */
export const buyerReference = (email: string): string => `buyer:${email}`;

/** A purchase as it is, and the records of it that become one with it. */
export type FoundPurchase = {
  readonly purchase: Purchase;
  /** The names that lead to it already. */
  readonly named: readonly string[];
  readonly absorbed: readonly Purchase[];
};

/** The purchase that any of the references names; the first sold one when they name several. */
export async function findPurchase(
  deps: Pick<Deps, "vault">,
  reader: Reader,
  names: Names,
  references: readonly string[],
): Promise<FoundPurchase | undefined> {
  const ids = references.map((reference) => referenceId(names, reference));
  const named = await reader.getMany(purchaseReferences, ids);
  const purchaseIds = [...new Set(named.flatMap((entry) => (entry ? [entry.purchaseId] : [])))];
  const stored = await reader.getMany(purchases, purchaseIds);
  const found = stored.flatMap((one) => (one ? [opened(deps, one)] : []));
  const sold = found.filter(({ licenseIds }) => licenseIds.length > 0);
  const [first, ...others] = [...new Set([...sold, ...found])];
  if (!first) return undefined;
  return {
    purchase: others.reduce(mergedPurchase, first),
    named: first.references,
    absorbed: others,
  };
}

/** A purchase that no event spoke of before. */
export const firstHeardOf = (
  names: Names,
  event: Pick<PaymentEvent, "references">,
  id: string,
  now: number,
): FoundPurchase => ({
  // The id follows from the name, so that events that race make one record.
  purchase: newPurchase(
    event.references[0] === undefined
      ? id
      : derivedId("purchase", names.provider, names.scope, event.references[0]),
    names.provider,
    now,
  ),
  named: [],
  absorbed: [],
});

/** Writes the purchase, and lets every one of its names lead to it: a subscription collects many. */
export function savePurchase(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  names: Names,
  { purchase, named, absorbed }: FoundPurchase,
  more: readonly string[] = [],
): void {
  tx.set(purchases, sealed(deps, purchase));
  for (const other of absorbed) tx.delete(purchases, other.id);
  const known = new Set(named);
  for (const reference of new Set([...purchase.references, ...more])) {
    if (known.has(reference)) continue;
    tx.set(purchaseReferences, {
      id: referenceId(names, reference),
      purchaseId: purchase.id,
      createdAt: purchase.updatedAt,
    });
  }
}

type WithKey = (key: string) => string;
const withSaleKey = (purchase: Purchase, change: WithKey): Purchase =>
  purchase.sale?.licenseKey == null
    ? purchase
    : {
        ...purchase,
        sale: { ...purchase.sale, licenseKey: change(purchase.sale.licenseKey) },
      };

/** A key that a provider issued is as secret while the sale waits as it is in a license. */
const sealed = ({ vault }: Pick<Deps, "vault">, purchase: Purchase): Purchase =>
  withSaleKey(purchase, (key) => vault.seal("license-key", key));
const opened = ({ vault }: Pick<Deps, "vault">, purchase: Purchase): Purchase =>
  withSaleKey(purchase, (key) => vault.open("license-key", key));
