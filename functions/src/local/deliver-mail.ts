import { setTimeout as pause } from "node:timers/promises";
import type { Mail } from "../core/mail.ts";
import { mails } from "../store/collections.ts";
import type { DocumentStore } from "../store/document-store.ts";

export type Delivery = {
  readonly store: DocumentStore;
  readonly now: () => number;
  readonly deliver: (mail: Mail) => Promise<void>;
  readonly failed: (error: unknown) => void;
};

const BATCH = 20;
const POLL_MS = 500;
const POLL_AFTER_FAILURE_MS = 10_000;
/** Longer than a delivery takes: until then no other process tries the mail. */
const LEASE_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Delivers mails that are due, the oldest first, and deletes those that are done with. A mail whose
 * delivery fails, or dies with the process, is tried again later and later until it expires.
 */
export async function deliverDueMail(
  delivery: Delivery,
): Promise<{ failures: number; more: boolean }> {
  const { store, now, deliver, failed } = delivery;
  let failures = 0;
  const { items } = await store.query(mails, "due", { range: { lte: now() }, limit: BATCH });
  for (const { id } of items) {
    try {
      const mail = await claim(delivery, id);
      if (!mail) continue;
      await deliver(mail);
      const deliveredAt = now();
      await store.commit([
        { kind: "update", collection: mails, id, patch: { deliveredAt, dueAt: mail.expireAt } },
      ]);
    } catch (error) {
      failures += 1;
      failed(error);
    }
  }
  return { failures, more: items.length === BATCH };
}

function claim({ store, now }: Delivery, id: string): Promise<Mail | undefined> {
  const at = now();
  return store.transaction(async (tx) => {
    const mail = await tx.get(mails, id);
    if (!mail || mail.dueAt > at) return undefined;
    if (mail.deliveredAt !== null || mail.expireAt <= at) {
      tx.delete(mails, id);
      return undefined;
    }
    const wait = Math.min(Math.max(at - mail.createdAt, LEASE_MS), LONGEST_WAIT_MS);
    tx.update(mails, id, { dueAt: at + wait });
    return mail;
  });
}

/** Delivers from now on, for as long as something else keeps the process alive. */
export async function keepDelivering(delivery: Delivery): Promise<never> {
  for (;;) {
    const { failures, more } = await deliverDueMail(delivery).catch((error: unknown) => {
      delivery.failed(error);
      return { failures: 1, more: false };
    });
    const rest = failures > 0 ? POLL_AFTER_FAILURE_MS : more ? 0 : POLL_MS;
    await pause(rest, undefined, { ref: false });
  }
}
