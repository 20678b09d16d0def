import { type AuditEntry, auditedChange } from "../core/audit.ts";
import { auditEntries } from "../store/collections.ts";
import type { Transaction } from "../store/document-store.ts";
import type { Deps } from "./deps.ts";
import type { Principal } from "./principal.ts";

type Change = {
  readonly accountId: string;
  /** A verb of a record, such as `license.update`. */
  readonly action: string;
  /** The identity of what is changed; never a key. */
  readonly targetId: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
};

export type Audit = (tx: Transaction, change: Change) => void;

/** Prepares the audit entry of one request; call what it returns beside the change's own writes. */
export const auditor = (deps: Deps, principal: Principal): Audit =>
  auditorAs(deps, actorOf(principal));

function actorOf(principal: Principal): AuditEntry["actor"] {
  if (principal.kind === "administrator") return { kind: "administrator", keyId: null };
  return principal.kind === "member"
    ? { kind: "user", keyId: null, userId: principal.userId }
    : { kind: "api-key", keyId: principal.keyId };
}

/** The same for one who is no principal: a payment provider. */
export function auditorAs(deps: Pick<Deps, "newId" | "now">, actor: AuditEntry["actor"]): Audit {
  const id = deps.newId();
  const at = deps.now();
  return (tx, { before, after, ...what }) => {
    tx.create(auditEntries, {
      id,
      at,
      actor,
      actorKeyId: actor.keyId,
      ...what,
      ...auditedChange(before, after),
    });
  };
}
