import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../core/license-keys.ts";
import type { Message, Provider } from "../../core/payments.ts";
import type { InboundEvent } from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { derivedId, digest } from "../../crypto/vault.ts";
import { inboundEvents, licenses } from "../../store/collections.ts";
import { StoreUnavailableError } from "../../store/document-store.ts";
import { auditorAs } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { countCreated } from "../stats/usage-counters.ts";
import type { Draw, Drawn } from "./fulfil-sale.ts";
import { settle } from "./settle-payment.ts";
import { type Outcome, type Settling, waitingFor } from "./settling.ts";

const DAY_MS = 86_400_000;
const KEPT_MS = 400 * DAY_MS;
/** Senders repeat for days at most. A payload without an id that comes later is the next renewal. */
const REPEATED_MS = 3 * DAY_MS;
/** A key that moves between looking and settling moves rarely. */
const MAX_ROUNDS = 5;
const MAX_WAITING = 100;

/** A payload that proved its origin. */
export type Payment = {
  readonly provider: Provider;
  readonly raw: Buffer;
  readonly read: (raw: Buffer) => Message;
  /** The account that the sender named, which bounds what it may sell. */
  readonly accountId: string | null;
};

export type Receipt = Pick<InboundEvent, "id" | "status" | "reason"> & {
  readonly licenseKeys: readonly string[];
};

/**
 * Does what a payment event says, once: its record is written with what it changes, and a repeat is
 * given the first receipt. What cannot be done is kept, with the reason, for another attempt.
 */
export async function receivePayment(deps: Deps, payment: Payment): Promise<Receipt> {
  const message = payment.read(payment.raw);
  const receipt = await settled(deps, payment, message);
  const { says } = message;
  if (says.state === "contact" && receipt.status === "done") {
    await retryForBuyer(deps, payment, says.buyer);
  }
  return receipt;
}

async function settled(deps: Deps, payment: Payment, message: Message): Promise<Receipt> {
  const { provider, accountId } = payment;
  const now = deps.now();
  const id = inboundIdOf(payment, message);
  const payload = payment.raw.toString("latin1");
  const settling: Omit<Settling, "keyHashes"> = {
    id,
    provider,
    principal: principalOf(accountId),
    says: message.says,
    draw: drawFor(deps),
    now,
  };
  let keyHashes: Settling["keyHashes"] = new Map();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let created: readonly License[] = [];
    const result = await deps.store.transaction(async (tx): Promise<Receipt | Moved> => {
      created = [];
      const before = await tx.get(inboundEvents, id);
      if (before && isRepeat(before, message, now)) return receiptOf(deps, before);
      const outcome = await settle(deps, tx, { ...settling, keyHashes });
      if ("moved" in outcome) return outcome;
      outcome.write();
      created = outcome.created;
      const event = recordOf(deps, { before, id, payment, message, payload, outcome, now });
      tx.set(inboundEvents, event);
      return receiptOf(deps, event);
    });
    for (const license of created) countCreated(deps, license);
    if (!("moved" in result)) return result;
    keyHashes = await keyHashesOf(deps, result.moved);
  }
  throw new StoreUnavailableError("The licenses of a purchase keep changing their keys.");
}

type Moved = { readonly moved: readonly string[] };

const inboundIdOf = ({ provider, raw }: Payment, { eventId }: Message): string =>
  eventId === null
    ? derivedId("inbound-event", provider, "payload", digest(raw.toString("latin1")))
    : derivedId("inbound-event", provider, "id", eventId);

const principalOf = (accountId: string | null): Principal =>
  accountId === null
    ? { kind: "administrator" }
    : { kind: "account", accountId, keyId: "", scopes: null, productIds: null };

function drawFor(deps: Deps): Draw {
  const drawn: Drawn[] = [];
  return (index) => {
    drawn[index] ??= {
      id: deps.newId(),
      licenseKey: formatLicenseKey(deps.randomBytes(LICENSE_KEY_BYTES)),
      audit: auditorAs(deps, { kind: "payment", keyId: null }),
      announce: announcer(deps),
    };
    return drawn[index];
  };
}

function isRepeat(before: InboundEvent, { eventId, says }: Message, now: number): boolean {
  // What waits is noted in its purchase: noting it again could count it twice.
  if (before.status === "failed") return false;
  const renews = says.state === "event" && says.event.kind === "renewed";
  return !(eventId === null && renews && now - before.receivedAt > REPEATED_MS);
}

function receiptOf(deps: Pick<Deps, "vault">, event: InboundEvent): Receipt {
  const { id, status, reason, keysSealed } = event;
  const licenseKeys: string[] =
    keysSealed === null ? [] : JSON.parse(deps.vault.open("payment", keysSealed));
  return { id, status, reason, licenseKeys };
}

function recordOf(
  deps: Pick<Deps, "vault">,
  about: {
    before: InboundEvent | undefined;
    id: string;
    payment: Payment;
    message: Message;
    payload: string;
    outcome: Exclude<Outcome, Moved>;
    now: number;
  },
): InboundEvent {
  const { before, id, payment, message, outcome, now } = about;
  const { status, reason, licenseKeys } = outcome;
  const settledNow = status === "done" || status === "ignored";
  return {
    id,
    provider: payment.provider,
    accountId: outcome.accountId ?? payment.accountId,
    type: message.type,
    providerEventId: message.eventId,
    status,
    reason,
    waitsForBuyer: outcome.waitsForBuyer,
    licenseIds: [...outcome.licenseIds],
    attempts: (before?.attempts ?? 0) + 1,
    payloadSealed: settledNow ? null : deps.vault.seal("payment", about.payload),
    keysSealed:
      licenseKeys.length === 0 ? null : deps.vault.seal("payment", JSON.stringify(licenseKeys)),
    receivedAt: before && !settledNow ? before.receivedAt : now,
    updatedAt: now,
    expireAt: now + KEPT_MS,
  };
}

/** Where licenses are filed now; null is nowhere. */
async function keyHashesOf(
  deps: Deps,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const found = await Promise.all(
    ids.map((id) => deps.store.query(licenses, "byIdentity", { equal: { id }, limit: 1 })),
  );
  return new Map(ids.map((id, index) => [id, found[index]?.items[0]?.keyHash ?? null]));
}

/** Sales that lacked the address of a buyer whose address has just come. */
async function retryForBuyer(deps: Deps, payment: Payment, buyer: string): Promise<void> {
  const waitsForBuyer = waitingFor(payment.provider, buyer);
  const { items } = await deps.store.query(inboundEvents, "byBuyer", {
    equal: { waitsForBuyer },
    limit: MAX_WAITING,
  });
  for (const event of items) await receiveAgain(deps, event, payment.read);
}

/** Another attempt at an event that failed; the same receipt for one that did not. */
export async function receiveAgain(
  deps: Deps,
  event: InboundEvent,
  read: Payment["read"],
): Promise<Receipt> {
  if (event.payloadSealed === null) return receiptOf(deps, event);
  const raw = Buffer.from(deps.vault.open("payment", event.payloadSealed), "latin1");
  const { provider, accountId } = event;
  return receivePayment(deps, { provider, accountId, raw, read });
}
