import { type PaymentEvent, type Provider, toldKinds } from "../../core/payments.ts";
import { noted, notedKinds, type Purchase } from "../../core/purchases.ts";
import { derivedId } from "../../crypto/vault.ts";
import { mails, paymentClaims, paymentContacts } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { countUse } from "../codes/count-use.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { addLicense } from "../licenses/change-license.ts";
import { findProduct } from "../products/find-product.ts";
import { followPurchase, soldAs, verdictOf } from "../subscriptions/follow-purchase.ts";
import { changeSold } from "./change-sold.ts";
import { fulfilSale } from "./fulfil-sale.ts";
import {
  buyerReference,
  claimId,
  type FoundPurchase,
  findPurchase,
  firstHeardOf,
  type Names,
  savePurchase,
} from "./purchase-records.ts";
import { saleMails } from "./sale-mails.ts";
import {
  announcePayments,
  claim,
  type Known,
  type Outcome,
  outcome,
  type Settled,
  type Settling,
  waitingEnds,
  waitingFor,
} from "./settling.ts";

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
  announced: PaymentEvent,
): Promise<Outcome> {
  const about = await namedBy(tx, ask, announced);
  if (!about) {
    return outcome("failed", `productId: there is no product ${announced.lines[0]?.productId}`);
  }
  const { names, event } = about;
  const named = await findPurchase(deps, tx, names, event.references);
  const ofBuyer = named ? undefined : await findByBuyer(deps, tx, names, event);
  // A payment that the seller numbers by itself counts once under its number.
  const claims = ofBuyer ? [...event.claims, ...event.references] : event.claims;
  if (event.kind === "renewed" && claims.length > 0) {
    const counted = await tx.getMany(
      paymentClaims,
      claims.map((one) => claimId(names, one)),
    );
    if (counted.some(Boolean)) return outcome("ignored", "This payment was counted before.");
  }
  if (event.kind === "resumed" && (named?.purchase.cancelledAt ?? null) === null) {
    return outcome("ignored", "The subscription goes on, and was not known to end.");
  }
  const found = named ?? ofBuyer ?? firstHeardOf(names, event, ask.id, ask.now);
  // A payment's number is no name of the purchase.
  const said = ofBuyer ? { ...event, references: [], claims } : event;
  const purchase = noted(found.purchase, said, ask.now);
  return settlePurchase(deps, tx, ask, { names, found, purchase, event: said });
}

/** A seller names purchases as it likes: they are unique for one product, whichever way it is named. */
async function namedBy(
  tx: Transaction,
  { provider, principal }: Settling,
  event: PaymentEvent,
): Promise<{ names: Names; event: PaymentEvent } | undefined> {
  if (provider !== "native") return { names: { provider, scope: "" }, event };
  const product = await findProduct(tx, principal, event.lines[0]?.productId ?? "");
  if (!product) return undefined;
  const lines = event.lines.map((line) => ({ ...line, productId: product.id }));
  return { names: { provider, scope: product.id }, event: { ...event, lines } };
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

const ONE_ADDRESS = /^[^\s@<>",;:\\[\]()]+@[^\s@<>",;:\\[\]()]+$/;

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
  const email = (sale.email ?? (contact ? contact.email : null))?.trim().toLowerCase();
  if (email !== undefined && !ONE_ADDRESS.test(email)) {
    return keep("The buyer's address is not an e-mail address.", "failed");
  }
  if (email === undefined) {
    const waitsForBuyer = sale.buyer && waitingFor(ask.provider, sale.buyer);
    return keep("The sale has no e-mail address of the buyer.", "failed", { waitsForBuyer });
  }
  const { principal, draw, now } = ask;
  const made = await fulfilSale(deps, tx, principal, {
    purchase,
    sale: { ...sale, email },
    draw,
    now,
  });
  if (!made.ok) return keep(made.reason, "failed");
  const { accountId } = made.product;
  const endWaiting = await waitingEnds(tx, ask, purchase);
  const licenseIds = made.sold.map(({ license }) => license.id);
  const licenseKeys = made.sold.map(({ licenseKey }) => licenseKey);
  const [first] = made.sold;
  const welcome = first && (await customerOnFirstUse(tx, first.license, now));
  const toBuyer =
    purchase.reversal === null
      ? await saleMails(tx, { purchaseId: purchase.id, sold: made.sold, now })
      : [];
  const sold: Purchase = {
    ...purchase,
    accountId,
    licenseIds,
    outrightIds: made.sold.flatMap(({ license, once }) => (once ? [license.id] : [])),
    sale: null,
    waitingEvents: [],
    provisional: made.provisional,
    mailDue: purchase.reversal === "chargeback",
    earlyRenewals: [],
    earlyPeriods: [],
  };
  const subscribed = await followPurchase(tx, {
    purchase: { before: sold, after: sold },
    license: first?.license,
    kind: undefined,
    now,
  });
  const created = made.sold.map(({ license }) => soldAs(license, subscribed));
  const write = () => {
    for (const [index, license] of created.entries()) {
      const { audit, announce } = draw(index);
      const entry = { audit, announce, action: "license.create" } as const;
      addLicense(deps, tx, license, entry);
      // All are for one buyer.
      if (index === 0) welcome?.(tx, announce);
    }
    const kinds = new Set(["completed" as const, ...notedKinds(purchase), ...toldKinds(event)]);
    announcePayments(tx, ask, kinds, created);
    const renewable = ask.provider === "native" && sale.subscription;
    const more = renewable ? [buyerReference(email)] : [];
    savePurchase(deps, tx, names, { ...found, purchase: sold }, more);
    claim(tx, names, sale.claims, now);
    if (made.code) countUse(tx, made.code, now);
    for (const mail of toBuyer) tx.create(mails, mail);
    subscribed.write();
    endWaiting({ accountId, licenseIds });
  };
  const missing = made.unknown.length > 0 ? `Not sold here: ${made.unknown.join(", ")}.` : null;
  const { status, reason } = verdictOf(subscribed, event);
  return outcome(status, reason ?? missing, { accountId, licenseIds, licenseKeys, created, write });
}

const contactId = (provider: Provider, buyer: string): string =>
  derivedId("payment-contact", provider, buyer);
