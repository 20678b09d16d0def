import { canonicalLicenseKey } from "../../core/license-keys.ts";
import type { PaymentEvent, Provider, Translated } from "../../core/payments.ts";
import {
  absorbed,
  applied,
  type InboundEvent,
  noted,
  type Purchase,
} from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import {
  codes,
  inboundEvents,
  licenses,
  paymentClaims,
  paymentContacts,
  variants,
} from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { addLicense, saveLicense } from "../licenses/change-license.ts";
import { saleMail } from "../mail/sale-mail.ts";
import type { Principal } from "../principal.ts";
import { findProduct } from "../products/find-product.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { type Drawn, fulfilSale } from "./fulfil-sale.ts";
import {
  buyerReference,
  claimId,
  type FoundPurchase,
  findPurchase,
  firstHeardOf,
  type Names,
  savePurchase,
} from "./purchase-records.ts";
import { waitingFor } from "./waiting.ts";

export type Settling = {
  /** Of the inbound event. */
  readonly id: string;
  readonly provider: Provider;
  readonly principal: Principal;
  readonly says: Translated;
  readonly drawn: readonly Drawn[];
  /** Where the licenses of the purchase are filed, as far as it was looked up. */
  readonly keyHashes: ReadonlyMap<string, string | null>;
  readonly now: number;
};

type Settled = Pick<InboundEvent, "status" | "reason" | "accountId" | "waitsForBuyer"> & {
  readonly licenseIds: readonly string[];
  readonly licenseKeys: readonly string[];
  readonly write: () => void;
};

/** `moved`: look up where these licenses are filed, and settle again. */
export type Outcome = Settled | { readonly moved: readonly string[] };

const outcome = (
  status: InboundEvent["status"],
  reason: string | null,
  more: Partial<Settled> = {},
): Settled => ({
  status,
  reason,
  accountId: null,
  waitsForBuyer: null,
  licenseIds: [],
  licenseKeys: [],
  write: () => {},
  ...more,
});

type World = Pick<Deps, "vault">;

/** What an event comes to: every read, and the writes that are left to do. */
export async function settle(deps: World, tx: Transaction, ask: Settling): Promise<Outcome> {
  const { says, provider, now } = ask;
  switch (says.state) {
    case "ignored":
      return outcome("ignored", says.reason);
    case "unusable":
      return outcome("failed", says.reason);
    case "contact": {
      const id = contactId(provider, says.buyer);
      const write = () => tx.set(paymentContacts, { id, email: says.email, updatedAt: now });
      return outcome("done", null, { write });
    }
    case "link": {
      const names = { provider, scope: "" };
      const { references } = says;
      const found =
        (await findPurchase(deps, tx, names, references)) ?? firstHeardOf(names, says, ask.id, now);
      const purchase = {
        ...found.purchase,
        references: [...new Set([...found.purchase.references, ...references])],
        updatedAt: now,
      };
      return settlePurchase(deps, tx, ask, { names, found, purchase, event: undefined });
    }
    case "event":
      return settleEvent(deps, tx, ask, says.event);
  }
}

async function settleEvent(
  deps: World,
  tx: Transaction,
  ask: Settling,
  event: PaymentEvent,
): Promise<Outcome> {
  const names = await namesOf(tx, ask, event);
  if (!names)
    return outcome("failed", `productId: there is no product ${event.lines[0]?.productId}`);
  if (event.kind === "renewed" && event.claims.length > 0) {
    const ids = event.claims.map((claim) => claimId(names, claim));
    const counted = await tx.getMany(paymentClaims, ids);
    if (counted.some(Boolean)) return outcome("ignored", "This payment was counted before.");
  }
  const found =
    (await findPurchase(deps, tx, names, event.references)) ??
    (await findByBuyer(deps, tx, names, event)) ??
    firstHeardOf(names, event, ask.id, ask.now);
  const purchase = noted(found.purchase, event, ask.now);
  return settlePurchase(deps, tx, ask, { names, found, purchase, event });
}

/** A seller names purchases as it likes: they are unique for one product. */
async function namesOf(
  tx: Transaction,
  { provider, principal }: Settling,
  event: PaymentEvent,
): Promise<Names | undefined> {
  if (provider !== "native") return { provider, scope: "" };
  const product = await findProduct(tx, principal, event.lines[0]?.productId ?? "");
  return product && { provider, scope: product.id };
}

/** A seller may announce a renewal without naming the purchase: it is the buyer's subscription. */
async function findByBuyer(
  deps: World,
  tx: Transaction,
  names: Names,
  event: PaymentEvent,
): Promise<FoundPurchase | undefined> {
  const goesOn = event.kind === "renewed" || event.kind === "cancelled";
  return names.provider === "native" && goesOn && event.email !== null
    ? findPurchase(deps, tx, names, [buyerReference(event.email)])
    : undefined;
}

type Known = {
  readonly names: Names;
  /** As it was before the event. */
  readonly found: FoundPurchase;
  readonly purchase: Purchase;
  readonly event: PaymentEvent | undefined;
};

async function settlePurchase(
  deps: World,
  tx: Transaction,
  ask: Settling,
  known: Known,
): Promise<Outcome> {
  const { names, found, purchase, event } = known;
  if (purchase.licenseIds.length > 0) return changeSold(deps, tx, ask, known);
  const { sale } = purchase;
  const keep = (reason: string, status: "waiting" | "failed", more: Partial<Settled> = {}) => {
    const waitingEvents = [...new Set([...purchase.waitingEvents, ask.id])];
    const kept = { ...purchase, waitingEvents };
    const write = () => savePurchase(deps, tx, names, { ...found, purchase: kept });
    return outcome(status, reason, { write, ...more });
  };
  if (!sale && !event) return { ...keep("", "waiting"), status: "done", reason: null };
  if (!sale) return keep("The sale is not known yet; this takes effect with it.", "waiting");
  if (sale.lines.length === 0) return keep("The sale does not say yet what was sold.", "waiting");
  const contact =
    sale.buyer && (await tx.get(paymentContacts, contactId(ask.provider, sale.buyer)));
  const email = sale.email ?? (contact ? contact.email : null);
  if (email === null) {
    const waitsForBuyer = sale.buyer && waitingFor(ask.provider, sale.buyer);
    return keep("The sale has no e-mail address of the buyer.", "failed", { waitsForBuyer });
  }
  const { principal, drawn, now } = ask;
  const made = await fulfilSale(deps, tx, principal, {
    purchase,
    sale: { ...sale, email },
    drawn,
    now,
  });
  if (!made.ok) return keep(made.reason, "failed");
  const { accountId } = made.product;
  const waited = await tx.getMany(
    inboundEvents,
    purchase.waitingEvents.filter((id) => id !== ask.id),
  );
  const mail =
    purchase.reversal === null
      ? await saleMail(tx, { id: purchase.id, product: made.product, sold: made.sold, now })
      : undefined;
  const licenseIds = made.sold.map(({ license }) => license.id);
  const licenseKeys = made.sold.map(({ licenseKey }) => licenseKey);
  const sold: Purchase = {
    ...purchase,
    accountId,
    licenseIds,
    sale: null,
    waitingEvents: [],
    provisional: made.provisional,
    earlyRenewals: [],
  };
  const write = () => {
    for (const [index, { license }] of made.sold.entries()) {
      const audit = drawn[index]?.audit;
      if (audit) addLicense(deps, tx, license, { audit, action: "license.create" });
    }
    const renewable = ask.provider === "native" && sale.subscription;
    const more = renewable ? [buyerReference(email)] : [];
    savePurchase(deps, tx, names, { ...found, purchase: sold }, more);
    claim(tx, names, sale.claims, now);
    if (made.code) {
      const usedCount = made.code.usedCount + 1;
      tx.update(codes, made.code.id, { usedCount, updatedAt: now });
    }
    mail?.();
    for (const earlier of waited) {
      if (!earlier) continue;
      const done = { status: "done", reason: null, waitsForBuyer: null, accountId } as const;
      tx.set(inboundEvents, {
        ...earlier,
        ...done,
        licenseIds,
        payloadSealed: null,
        updatedAt: now,
      });
    }
  };
  const reason = made.unknown.length > 0 ? `Not sold here: ${made.unknown.join(", ")}.` : null;
  return outcome("done", reason, { accountId, licenseIds, licenseKeys, write });
}

const contactId = (provider: Provider, buyer: string): string =>
  derivedId("payment-contact", provider, buyer);

function claim(tx: Transaction, names: Names, claims: readonly string[], now: number): void {
  for (const one of claims) tx.set(paymentClaims, { id: claimId(names, one), createdAt: now });
}

/** What the event does to licenses that the purchase has. */
async function changeSold(
  deps: World,
  tx: Transaction,
  ask: Settling,
  { names, found, purchase, event }: Known,
): Promise<Outcome> {
  const { keyHashes, now } = ask;
  const { licenseIds } = purchase;
  if (licenseIds.some((id) => !keyHashes.has(id))) return { moved: licenseIds };
  const filed = licenseIds.filter((id) => keyHashes.get(id) != null);
  const held = await tx.getMany(
    licenses,
    filed.map((id) => keyHashes.get(id) ?? ""),
  );
  if (held.some((license, index) => license?.id !== filed[index])) return { moved: licenseIds };
  const current = held.flatMap((license) => (license ? [license] : []));
  const tiers = await tx.getMany(
    variants,
    current.map((license) => variantIdOf(license.productId, license.variant)),
  );
  const changed = current.map((license, index) => {
    const variantDays = tiers[index]?.durationDays ?? null;
    const joined = found.absorbed.reduce(
      (one, other) => absorbed({ license: one, into: found.purchase, other, variantDays, now }),
      license,
    );
    return event
      ? applied({
          license: joined,
          event,
          before: found.purchase,
          noted: purchase,
          variantDays,
          now,
        })
      : joined;
  });
  const first = changed[0];
  const issued = first && event?.kind === "completed" ? event.licenseKey : null;
  if (first && issued !== null) changed[0] = await withIssuedKey(deps, tx, first, issued);
  const paid = event?.paidUntil != null;
  const after: Purchase = {
    ...purchase,
    provisional: purchase.provisional && !paid,
    earlyRenewals: [],
  };
  const write = () => {
    for (const [index, license] of changed.entries()) {
      const before = current[index];
      if (!before || license === before) continue;
      saveLicense(deps, tx, before, { ...license, updatedAt: now });
      ask.drawn[index]?.audit(tx, {
        accountId: license.accountId,
        action: `payment.${event?.kind ?? "link"}`,
        targetId: license.id,
        before,
        after: license,
      });
    }
    savePurchase(deps, tx, names, { ...found, purchase: after });
    claim(tx, names, event?.claims ?? [], now);
  };
  const licenseKeys =
    event?.kind === "completed"
      ? changed.map((license) => deps.vault.open("license-key", license.keySealed))
      : [];
  return outcome("done", null, {
    accountId: purchase.accountId,
    licenseIds: current.map(({ id }) => id),
    licenseKeys,
    write,
  });
}

/** The provider's own key, when it comes after the sale and nobody has used ours yet. */
async function withIssuedKey(
  deps: World,
  tx: Transaction,
  license: License,
  issued: string,
): Promise<License> {
  const licenseKey = canonicalLicenseKey(issued);
  const keyHash = keyHashOf(deps, licenseKey);
  if (keyHash === license.keyHash || license.machinesUsed + license.seatsUsed > 0) return license;
  if (await tx.get(licenses, keyHash)) return license;
  return { ...license, keyHash, keySealed: deps.vault.seal("license-key", licenseKey) };
}
