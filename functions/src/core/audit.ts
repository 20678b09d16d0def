/** Fields that hold a secret or stand for one: an audit entry says nothing of them. */
const HIDDEN = /hash|sealed|secret|token|privatekey/i;
/** Fields that tell a reader nothing: every change moves them, or they follow from others. */
const NOISE = new Set([
  "updatedAt",
  "countEpoch",
  "countAhead",
  "countedIn",
  "facets",
  "watch",
  "authorization",
  "tellExpiryAt",
  "standingChangedAt",
  "refileAt",
  "folded",
  "endsLatest",
  "endsEarliest",
]);

export type AuditEntry = {
  id: string;
  accountId: string;
  at: number;
  /** `payment` is what a payment provider announced. */
  actor: {
    kind: "administrator" | "api-key" | "payment" | "user" | "end-user";
    keyId: string | null;
    /** The member of the account or its end user who did it, where it was one. */
    userId?: string | undefined;
  };
  /** A verb of a record, such as `license.update`. */
  action: string;
  targetId: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

type Fields = Readonly<Record<string, unknown>>;

/** The fields in which two states of a record differ; `null` stands for no record. */
export function auditedChange(
  before: Fields | null,
  after: Fields | null,
): { before: Record<string, unknown> | null; after: Record<string, unknown> | null } {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (name) =>
      !HIDDEN.test(name) &&
      !NOISE.has(name) &&
      JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
  );
  const pick = (state: Fields | null) =>
    state && Object.fromEntries(names.map((name) => [name, state[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
