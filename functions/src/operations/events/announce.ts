import type { NewEvent } from "../../core/events.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { outbox } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

/** Writes events beside the change they tell of: neither is without the other. */
export type Announce = (tx: Transaction, ...events: readonly NewEvent[]) => void;

/** Prepares the events of one transaction; draw it before the transaction, like an audit entry. */
export function announcer(deps: Pick<Deps, "newId" | "now">): Announce {
  const base = deps.newId();
  const occurredAt = deps.now();
  return (tx, ...events) => {
    for (const { data, ...event } of events) {
      const about = JSON.stringify([event.licenseId, data]);
      tx.create(outbox, {
        id: derivedUuid("event", base, event.type, about),
        ...event,
        data: { ...data },
        occurredAt,
      });
    }
  };
}
