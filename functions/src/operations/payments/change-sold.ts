import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { toldKinds } from "../../core/payments.ts";
import { graceDaysOf } from "../../core/products.ts";
import {
  absorbed,
  applied,
  isNews,
  mergedPurchase,
  notedKinds,
  type Purchase,
  saidEnd,
  saidOutright,
  withoutPeriods,
} from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { licenses, mails, products, variants } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { saveLicense } from "../licenses/change-license.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { followPurchase, soldAs, verdictOf } from "../subscriptions/follow-purchase.ts";
import { savePurchase } from "./purchase-records.ts";
import { saleMails } from "./sale-mails.ts";
import {
  announcePayments,
  claim,
  type Known,
  type Outcome,
  outcome,
  type Settling,
  waitingEnds,
} from "./settling.ts";

const DAY_MS = 86_400_000;

/** What an event does to the licenses that its purchase has. */
export async function changeSold(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  ask: Settling,
  { names, found, purchase, event }: Known,
): Promise<Outcome> {
  const { now } = ask;
  const current = await filedLicenses(tx, ask, purchase);
  if (!current) return { moved: purchase.licenseIds };
  const terms = await termsOf(tx, current);
  const [another, ...others] = found.absorbed;
  const other = another && others.reduce(mergedPurchase, another);
  const saysEnd = other !== undefined && saidEnd(other, null) !== null;
  const before = { ...found.purchase, provisional: found.purchase.provisional && !saysEnd };
  const changed = current.map((held, index) => {
    const { variantDays = null, graceMs = 0 } = terms[index] ?? {};
    const outright = purchase.outrightIds.includes(held.id);
    const joins = other && outright ? withoutPeriods(other) : other;
    const license = joins
      ? absorbed({ license: held, into: found.purchase, other: joins, variantDays, now })
      : held;
    const about = { license, before, noted: purchase, variantDays, graceMs, now };
    const said = event && outright ? saidOutright(event) : event;
    return said ? applied({ ...about, event: said }) : license;
  });
  const first = changed[0];
  if (first && event?.kind === "completed" && event.licenseKey !== null) {
    changed[0] = await withIssuedKey(deps, tx, first, event.licenseKey, event.maxMachines);
  }
  const mailed = found.purchase.mailDue && purchase.reversal === null;
  const ends = event?.paidUntil != null || event?.kind === "renewed";
  const after: Purchase = {
    ...purchase,
    provisional: before.provisional && purchase.provisional && !ends,
    mailDue: purchase.mailDue && !mailed,
    earlyRenewals: [],
    earlyPeriods: [],
    waitingEvents: [],
  };
  const licenseIds = current.map(({ id }) => id);
  // Of a purchase that turned out to be this one.
  const endWaiting = await waitingEnds(tx, ask, purchase);
  const isChanged = changed.some((license, index) => license !== current[index]);
  const news =
    event && isNews(event, { before: found.purchase, noted: purchase, changed: isChanged });
  // One that had licenses of its own told of them then.
  const untold = found.absorbed.filter(({ licenseIds }) => licenseIds.length === 0);
  const kinds = new Set([...untold.flatMap(notedKinds), ...(news ? toldKinds(event) : [])]);
  const subscribed = await followPurchase(tx, {
    purchase: { before: found.purchase, after },
    license: changed[0],
    kind: event?.kind,
    now,
  });
  // The others say nothing of what was sold.
  const says = [event, ...found.absorbed].some((one) => one?.subscriber);
  const settled = says ? changed.map((license) => soldAs(license, subscribed)) : changed;
  const keyOf = ({ keySealed }: License) => deps.vault.open("license-key", keySealed);
  const good = settled.flatMap((license, index) => {
    if (!mailed || license.status === "revoked") return [];
    const productName = terms[index]?.productName ?? license.productHandle;
    return [{ license, licenseKey: keyOf(license), productName }];
  });
  const toBuyer = await saleMails(tx, { purchaseId: purchase.id, sold: good, now });
  const write = () => {
    for (const [index, license] of settled.entries()) {
      const was = current[index];
      if (!was || license === was) continue;
      const { audit, announce } = ask.draw(index);
      saveLicense(deps, tx, { before: was, after: { ...license, updatedAt: now }, announce });
      audit(tx, {
        accountId: license.accountId,
        action: `payment.${event?.kind ?? "link"}`,
        targetId: license.id,
        before: was,
        after: license,
      });
    }
    announcePayments(tx, ask, kinds, settled);
    savePurchase(deps, tx, names, { ...found, purchase: after });
    claim(tx, names, event?.claims ?? [], now);
    for (const mail of toBuyer) tx.set(mails, mail);
    subscribed.write();
    endWaiting({ accountId: purchase.accountId, licenseIds });
  };
  const licenseKeys = event?.kind === "completed" ? changed.map(keyOf) : [];
  const { status, reason } = verdictOf(subscribed, event);
  return outcome(status, reason, { accountId: purchase.accountId, licenseIds, licenseKeys, write });
}

/** `undefined` when it is not known where they are filed, or they moved since it was looked up. */
async function filedLicenses(
  tx: Transaction,
  { keyHashes }: Settling,
  { licenseIds }: Purchase,
): Promise<License[] | undefined> {
  if (licenseIds.some((id) => !keyHashes.has(id))) return undefined;
  const filed = licenseIds.flatMap((id) => {
    const keyHash = keyHashes.get(id);
    return keyHash == null ? [] : [{ id, keyHash }];
  });
  const held = await tx.getMany(
    licenses,
    filed.map(({ keyHash }) => keyHash),
  );
  const current = held.flatMap((license, index) =>
    license && license.id === filed[index]?.id ? [license] : [],
  );
  return current.length === filed.length ? current : undefined;
}

/** What variant and product say of each license. */
async function termsOf(tx: Transaction, current: readonly License[]) {
  const tiers = await tx.getMany(
    variants,
    current.map((license) => variantIdOf(license.productId, license.variant)),
  );
  const owners = await tx.getMany(
    products,
    current.map((license) => license.productId),
  );
  return current.map((_, index) => {
    const owner = owners[index];
    return {
      variantDays: tiers[index]?.durationDays ?? null,
      graceMs: owner ? graceDaysOf(owner) * DAY_MS : 0,
      productName: owner?.name,
    };
  });
}

/** The provider's own key and its limit, when they come after the sale and nobody has used ours yet. */
async function withIssuedKey(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  license: License,
  issued: string,
  maxMachines: number | null,
): Promise<License> {
  const licenseKey = canonicalLicenseKey(issued);
  const keyHash = keyHashOf(deps, licenseKey);
  if (keyHash === license.keyHash || license.machinesUsed + license.seatsUsed > 0) return license;
  if (await tx.get(licenses, keyHash)) return license;
  const keySealed = deps.vault.seal("license-key", licenseKey);
  return { ...license, keyHash, keySealed, maxMachines: maxMachines ?? license.maxMachines };
}
