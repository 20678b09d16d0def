import { absorbed } from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { findPurchase, firstHeardOf, savePurchase } from "./purchase-records.ts";
import { waitingEnds } from "./settling.ts";

/** A purchase id that stands on everything, such as `gift`, must not outgrow its document. */
const MOST_LICENSES = 100;

type Filed = { readonly license: License; readonly write: () => void };

/**
 * Files a license that the vendor made under the purchase it names, as the seller's own shop would
 * name it: refunds, disputes and renewals find it, and a sale that is announced too makes no second
 * one. What the shop said before the license was made takes effect now.
 */
export async function filedUnderPurchase(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  license: License,
  now: number,
): Promise<Filed> {
  const { purchaseId, productId, accountId, id } = license;
  if (purchaseId === null) return { license, write: () => {} };
  const names = { provider: "native", scope: productId } as const;
  const references = [`purchase:${purchaseId}`];
  const known = await findPurchase(deps, tx, names, references);
  const found = known ?? firstHeardOf(names, { references }, id, now);
  const { purchase } = found;
  if (purchase.licenseIds.length >= MOST_LICENSES) return { license, write: () => {} };
  const filed = {
    ...purchase,
    accountId,
    references: [...new Set([...purchase.references, ...references])],
    licenseIds: [...purchase.licenseIds, id],
    sale: null,
    waitingEvents: [],
    earlyRenewals: [],
    earlyPeriods: [],
    updatedAt: now,
  };
  const write = () => savePurchase(deps, tx, names, { ...found, purchase: filed });
  if (!known || purchase.licenseIds.length > 0) return { license, write };
  const variant = await tx.get(variants, variantIdOf(productId, license.variant));
  const variantDays = variant?.durationDays ?? null;
  const into = { ...purchase, provisional: false };
  const endWaiting = await waitingEnds(tx, { id: "", now }, purchase);
  return {
    license: absorbed({ license, into, other: purchase, variantDays, now }),
    write: () => {
      write();
      endWaiting({ accountId, licenseIds: filed.licenseIds });
    },
  };
}
