import { saleEvent } from "../../core/events.ts";
import type { PaymentEvent, Provider, ToldKind, Translated } from "../../core/payments.ts";
import type { InboundEvent, Purchase } from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { inboundEvents, paymentClaims } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Principal } from "../principal.ts";
import type { Draw } from "./fulfil-sale.ts";
import { claimId, type FoundPurchase, type Names } from "./purchase-records.ts";

export type Settling = {
  /** Of the inbound event. */
  readonly id: string;
  readonly provider: Provider;
  readonly principal: Principal;
  readonly says: Translated;
  readonly draw: Draw;
  /** Where the licenses of the purchase are filed, as far as it was looked up. */
  readonly keyHashes: ReadonlyMap<string, string | null>;
  readonly now: number;
};

export type Settled = Pick<InboundEvent, "status" | "reason" | "accountId" | "waitsForBuyer"> & {
  readonly licenseIds: readonly string[];
  readonly licenseKeys: readonly string[];
  readonly created: readonly License[];
  readonly write: () => void;
};

/** `moved`: look up where these licenses are filed, and settle again. */
export type Outcome = Settled | { readonly moved: readonly string[] };

export const outcome = (
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
  created: [],
  write: () => {},
  ...more,
});

export type Known = {
  readonly names: Names;
  /** As it was before the event. */
  readonly found: FoundPurchase;
  readonly purchase: Purchase;
  readonly event: PaymentEvent | undefined;
};

/** Tells what happened to a sale, once it has its licenses. */
export function announcePayments(
  tx: Transaction,
  { provider, draw }: Pick<Settling, "provider" | "draw">,
  kinds: Iterable<ToldKind>,
  [first, ...others]: readonly License[],
): void {
  if (!first) return;
  for (const kind of kinds) {
    draw(0).announce(tx, saleEvent(kind, { provider, licenses: [first, ...others] }));
  }
}

export function claim(tx: Transaction, names: Names, claims: readonly string[], now: number): void {
  for (const one of claims) tx.set(paymentClaims, { id: claimId(names, one), createdAt: now });
}

/** Reads the events that wait for the purchase's licenses, and returns what writes that they are done. */
export async function waitingEnds(
  tx: Transaction,
  ask: Pick<Settling, "id" | "now">,
  purchase: Purchase,
): Promise<(has: Pick<InboundEvent, "accountId" | "licenseIds">) => void> {
  const ids = purchase.waitingEvents.filter((id) => id !== ask.id);
  const waiting = await tx.getMany(inboundEvents, ids);
  return (has) => {
    for (const event of waiting) {
      if (!event) continue;
      tx.set(inboundEvents, {
        ...event,
        ...has,
        status: "done",
        reason: null,
        waitsForBuyer: null,
        payloadSealed: null,
        updatedAt: ask.now,
      });
    }
  };
}

/** Under which a sale is found again when the address of its buyer comes. */
export const waitingFor = (provider: Provider, buyer: string): string => `${provider}:${buyer}`;
