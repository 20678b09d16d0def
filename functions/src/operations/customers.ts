import { customerEvent } from "../core/events.ts";
import type { License } from "../core/records.ts";
import { derivedId } from "../crypto/vault.ts";
import { customers } from "../store/collections.ts";
import type { Reader, Transaction } from "../store/document-store.ts";
import type { Announce } from "./events/announce.ts";

export type Welcome = (tx: Transaction, announce: Announce) => void;

/** Reads now, and returns the write and the event of the customer if the license is its first in the account; of a license of nobody, nothing. */
export async function customerOnFirstUse(
  reader: Reader,
  license: License,
  now: number,
): Promise<Welcome> {
  const { accountId, email } = license;
  if (email === "") return () => undefined;
  const id = derivedId("customer", accountId, email);
  const known = await reader.get(customers, id);
  return (tx, announce) => {
    if (known) return;
    tx.create(customers, { id, accountId, email, createdAt: now });
    announce(tx, customerEvent(license));
  };
}
