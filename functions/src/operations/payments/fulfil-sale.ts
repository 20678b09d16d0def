import { accept, type Decision, type RefusalCode, refuse } from "../../core/decision.ts";
import { reversed } from "../../core/license-changes.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { seatsFor, variantName } from "../../core/licenses.ts";
import type { PaymentEvent, SaleLine } from "../../core/payments.ts";
import { graceDaysOf, saleRefusal } from "../../core/products.ts";
import { type Purchase, saleEnd, withoutPeriods } from "../../core/purchases.ts";
import type { Code, License, Product } from "../../core/records.ts";
import { licenses, variants } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Audit } from "../audit.ts";
import { usableCode } from "../codes/count-use.ts";
import type { Deps } from "../deps.ts";
import type { Announce } from "../events/announce.ts";
import { DEFAULT_VARIANT, newLicense } from "../licenses/draft-license.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { findByPaymentId } from "../products/payment-ids.ts";

const DAY_MS = 86_400_000;

/** For one license: its id and key, its audit entry and its events. */
export type Drawn = {
  readonly id: string;
  readonly licenseKey: string;
  readonly audit: Audit;
  readonly announce: Announce;
};

/** One sale makes no more: a transaction has an end. */
const MAX_LICENSES = 100;

const HOW_TO_NAME =
  "Name the product where only the seller can, or list the provider's id in its paymentIds.";
const UNSOLD: Partial<Record<RefusalCode, string>> = {
  PRODUCT_ARCHIVED: "the product is archived; make it live, or refund the sale",
  VARIANT_INACTIVE: "the variant is inactive; make it active, or refund the sale",
};

type Unfulfilled = { readonly ok: false; readonly reason: string };
const unfulfilled = (reason: string): Unfulfilled => ({ ok: false, reason });

/** The same for the same number, however often the transaction runs. */
export type Draw = (index: number) => Drawn;

export type SoldLicense = {
  readonly license: License;
  readonly licenseKey: string;
  readonly productName: string;
  readonly once: boolean;
};

export type Fulfilled = {
  readonly ok: true;
  readonly sold: readonly SoldLicense[];
  readonly product: Product;
  /** The code whose use is to be counted. */
  readonly code: Code | undefined;
  readonly provisional: boolean;
  /** What else was in the sale and is no product here. */
  readonly unknown: readonly string[];
};

/** The licenses of a sale; reads what they need and writes nothing. */
export async function fulfilSale(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  principal: Principal,
  ask: {
    readonly purchase: Purchase;
    readonly sale: PaymentEvent & { readonly email: string };
    readonly draw: Draw;
    readonly now: number;
  },
): Promise<Fulfilled | Unfulfilled> {
  const { purchase, sale, now } = ask;
  const found: { line: SaleLine; product: Product; variant: string }[] = [];
  const unknown: string[] = [];
  for (const line of sale.lines) {
    const what = await productOf(tx, principal, purchase, line);
    if (what.ok) found.push({ line, product: what.product, variant: what.variant });
    else unknown.push(line.productId ?? line.sold[0] ?? line.hint?.productId ?? "");
  }
  const [first] = found;
  if (!first) return unfulfilled(`No product here is ${unknown.join(", ")}. ${HOW_TO_NAME}`);
  const sold: SoldLicense[] = [];
  let provisional = false;
  let used: Code | undefined;
  for (const { line, product, variant: name } of found) {
    const variant = await tx.get(variants, variantIdOf(product.id, name));
    const code = await usableCode(tx, product, sale.discountCode, now);
    used ??= code;
    const once = line.once ?? false;
    const subscription = sale.subscription && !once;
    const end = saleEnd({
      purchase: once ? withoutPeriods(purchase) : purchase,
      sale: { ...sale, subscription },
      codeTrialDays: code?.trialDays ?? null,
      variantDays: variant?.durationDays ?? null,
      now,
    });
    provisional ||= end.provisional && !once;
    const unsold = saleRefusal(product, variant);
    if (unsold) return unfulfilled(`${product.handle}: ${UNSOLD[unsold.code] ?? unsold.code}`);
    const { unlocks } = product;
    const apart = product.quantity === "keys" ? line.quantity : 1;
    if (sold.length + apart > MAX_LICENSES) {
      return unfulfilled(`More than ${MAX_LICENSES} licenses in one sale.`);
    }
    for (let number = 0; number < apart; number++) {
      const issued = sale.licenseKey !== null && sold.length === 0 ? sale.licenseKey : undefined;
      const drawn = ask.draw(sold.length);
      const licenseKey = issued === undefined ? drawn.licenseKey : canonicalLicenseKey(issued);
      const made = newLicense(
        deps,
        { product, name, variant, unlocks },
        {
          email: sale.email,
          licenseType: sale.licenseType ?? undefined,
          maxMachines: sale.maxMachines ?? undefined,
          expiresAt: end.expiresAt,
          discountCode: sale.discountCode ?? undefined,
          purchaseId: sale.purchaseId ?? undefined,
          bundleId: unlocks.length > 0 ? product.handle : undefined,
        },
        { id: drawn.id, licenseKey, now },
      );
      if (issued !== undefined && (await tx.get(licenses, made.keyHash))) {
        return unfulfilled("Another license has the key that the provider issued.");
      }
      // The limit of a key that the provider issued is that of the whole sale.
      const limited = issued !== undefined && sale.maxMachines !== null;
      const whole = product.quantity === "keys" || limited;
      const terms = whole ? {} : seatsFor(made, line.quantity);
      const graceMs = subscription ? graceDaysOf(product) * DAY_MS : 0;
      const license = { ...made, ...terms, graceMs, purchasedAt: now };
      const { reversal } = purchase;
      sold.push({
        licenseKey,
        productName: product.name,
        once,
        license: reversal === null ? license : reversed(license, reversal, now),
      });
    }
  }
  return { ok: true, sold, product: first.product, code: used, provisional, unknown };
}

type Sold = { readonly product: Product; readonly variant: string };

/**
 * What a line sold: the product that the seller named, else the one that lists the provider's id. A
 * name that the buyer could have written counts only for a product that lists no ids of the provider:
 * otherwise the price of one thing would buy another.
 */
async function productOf(
  tx: Transaction,
  principal: Principal,
  { provider }: Purchase,
  line: SaleLine,
): Promise<Decision<Sold>> {
  const named = (product: Product, name: string | null) =>
    accept({ product, variant: variantName(product.handle, name ?? DEFAULT_VARIANT) });
  if (line.productId !== null) {
    const found = await reachProduct(tx, principal, { productId: line.productId });
    return found.ok ? named(found.product, line.variant) : found;
  }
  /** What the provider calls the option may be no variant here. */
  const option = async (product: Product) => {
    if (line.variant === null) return null;
    const name = variantName(product.handle, line.variant);
    return (await tx.get(variants, variantIdOf(product.id, name))) ? name : null;
  };
  const listed = provider === "native" ? undefined : await findByPaymentId(tx, provider, line.sold);
  if (listed) {
    const found = await reachProduct(tx, principal, { productId: listed.productId });
    if (!found.ok) return found;
    return named(found.product, listed.variant ?? (await option(found.product)));
  }
  if (!line.hint) return refuse("PRODUCT_NOT_FOUND");
  const hinted = await reachProduct(tx, principal, { productId: line.hint.productId });
  if (!hinted.ok) return hinted;
  const { product } = hinted;
  if (product.paymentIds.some((id) => id.provider === provider)) return refuse("PRODUCT_NOT_FOUND");
  // An option that was paid for outweighs one that the buyer wrote.
  const variant = line.variant === null ? line.hint.variant : await option(product);
  return named(product, variant);
}
