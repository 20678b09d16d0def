import { accept, type Decision, type Refusal, refuse } from "./decision.ts";
import type { Product } from "./records.ts";

/** Good for one redemption. What it is worth is the vendor's app's to say. */
export type RedemptionCode = {
  /** Derived from product and text. */
  id: string;
  productId: string;
  accountId: string;
  /** Exact: case and space matter. */
  text: string;
  /** The text as searches compare it. */
  folded: string;
  state: "unused" | "used" | "disabled";
  /** Its own; null is the product's, or never. */
  expiresAt: number | null;
  /** The same for queries: one without its own ends after every other, or before. */
  endsLatest: number;
  endsEarliest: number;
  usedAt: number | null;
  usedBy: string | null;
  /** The call that made it; what repeats that call knows its codes by it. */
  batchId: string;
  /** Signed requests that changed it lately: one that is sent again changes nothing. */
  proofs: { hash: string; at: number }[];
  createdAt: number;
  updatedAt: number;
};

/** A redemption or reactivation that was asked for. */
export type RedemptionLogEntry = {
  id: string;
  codeId: string;
  productId: string;
  accountId: string;
  at: number;
  /** Who redeemed or reactivated it, as the vendor's app says. */
  by: string | null;
  address: string | null;
  result: "success" | "failed" | "reactivated";
  reason: string | null;
};

export const CODE_STATUSES = ["unused", "used", "disabled", "expired"] as const;
export type CodeStatus = (typeof CODE_STATUSES)[number];

export const MAX_CODE_LENGTH = 100;

/** The last instant there is. */
const NEVER_MS = 8_640_000_000_000_000;

type Terms = Pick<Product, "enabled" | "expiresAt">;

/** The instant of the expiry itself is not past it. */
const isPast = (expiresAt: number | null, now: number): boolean =>
  expiresAt !== null && now > expiresAt;

const isExpired = (code: Pick<RedemptionCode, "expiresAt">, product: Terms, now: number): boolean =>
  isPast(code.expiresAt ?? product.expiresAt, now);

/** A used or disabled code stays so past its expiry. */
export const codeStatus = (
  code: Pick<RedemptionCode, "state" | "expiresAt">,
  product: Terms,
  now: number,
): CodeStatus =>
  code.state === "unused" && isExpired(code, product, now) ? "expired" : code.state;

/** Case does not matter. One character stays one, so that a part of a text is a part of what it folds to. */
export const foldCode = (text: string): string =>
  Array.from(text, (symbol) => {
    const lower = symbol.toLowerCase();
    return Array.from(lower).length === 1 ? lower : symbol;
  }).join("");

/** The code with its expiry, where queries compare it too. */
export const withExpiry = <T extends object>(code: T, expiresAt: number | null) => ({
  ...code,
  expiresAt,
  endsLatest: expiresAt ?? NEVER_MS,
  endsEarliest: expiresAt ?? 0,
});

export type CodeFilter = {
  readonly state: readonly RedemptionCode["state"][];
  /** Which of the two ends the range is of: without its own expiry a code follows its product. */
  readonly end: "endsLatest" | "endsEarliest";
  readonly range: { readonly gte?: number; readonly lt?: number };
};

/** What the codes of a status have in common, for a query. */
export function codeFilter(
  status: CodeStatus | undefined,
  product: Terms,
  now: number,
): CodeFilter {
  const end = isPast(product.expiresAt, now) ? "endsEarliest" : "endsLatest";
  if (status === undefined) return { state: ["unused", "used", "disabled"], end, range: {} };
  if (status === "unused") return { state: ["unused"], end, range: { gte: now } };
  if (status === "expired") return { state: ["unused"], end, range: { lt: now } };
  return { state: [status], end, range: {} };
}

/** A signed request is good for five minutes before and after its time. */
const PROOF_LIFE_MS = 600_000;

/** The same call made twice within the second that it signs has the same proof, and means it twice. */
const SAME_CALL_MS = 2_000;

type Proof = string | null | undefined;

const isSpent = (code: RedemptionCode, proof: Proof, now: number): boolean =>
  proof != null &&
  code.proofs.some(({ hash, at }) => hash === proof && Math.abs(now - at) > SAME_CALL_MS);

const withProof = (code: RedemptionCode, proof: Proof, now: number): RedemptionCode["proofs"] => [
  ...code.proofs.filter(({ at }) => Math.abs(now - at) < PROOF_LIFE_MS),
  ...(proof == null ? [] : [{ hash: proof, at: now }]),
];

/**
 * The used code, or why not; the order of the checks is the contract's. `proof` tells the request from
 * others: one that was recorded and is sent again after a reactivation redeems nothing.
 */
export function decideRedemption(
  code: RedemptionCode | undefined,
  product: Terms,
  use: { readonly by: string | null; readonly now: number; readonly proof?: Proof },
): Decision<{ code: RedemptionCode }> {
  if (!code) return refuse("REDEMPTION_CODE_NOT_FOUND");
  if (code.state === "disabled") return refuse("REDEMPTION_CODE_DISABLED");
  if (code.state === "used" || isSpent(code, use.proof, use.now))
    return refuse("REDEMPTION_CODE_USED");
  if (isExpired(code, product, use.now)) return refuse("REDEMPTION_CODE_EXPIRED");
  const closed = productRefusal(product, use.now);
  if (closed) return closed;
  const { now, by } = use;
  const proofs = withProof(code, use.proof, now);
  return accept({
    code: { ...code, state: "used", usedAt: now, usedBy: by, proofs, updatedAt: now },
  });
}

/** The code as unused again, or why not; here the product comes first. */
export function decideReactivation(
  code: RedemptionCode | undefined,
  product: Terms,
  now: number,
  proof?: Proof,
): Decision<{ code: RedemptionCode }> {
  const closed = productRefusal(product, now);
  if (closed) return closed;
  if (!code) return refuse("REDEMPTION_CODE_NOT_FOUND");
  if (code.state !== "used" || isSpent(code, proof, now)) return refuse("REDEMPTION_CODE_UNUSED");
  if (isExpired(code, product, now)) return refuse("REDEMPTION_CODE_EXPIRED");
  const proofs = withProof(code, proof, now);
  return accept({
    code: { ...code, state: "unused", usedAt: null, usedBy: null, proofs, updatedAt: now },
  });
}

function productRefusal(product: Terms, now: number): Refusal | undefined {
  if (!product.enabled) return refuse("PRODUCT_DISABLED");
  return isPast(product.expiresAt, now) ? refuse("PRODUCT_EXPIRED") : undefined;
}

/** The code with what its vendor changes; a used one is neither disabled nor enabled. */
export function decideCodeChange(
  code: RedemptionCode,
  ask: { readonly disabled?: boolean | undefined; readonly expiresAt?: number | null | undefined },
): Decision<{ code: RedemptionCode }> {
  if (ask.disabled && code.state === "used") return refuse("REDEMPTION_CODE_USED");
  const enabled = code.state === "disabled" ? "unused" : code.state;
  const state =
    ask.disabled === undefined ? code.state : ask.disabled ? ("disabled" as const) : enabled;
  const expiresAt = ask.expiresAt === undefined ? code.expiresAt : ask.expiresAt;
  return accept({ code: { ...withExpiry(code, expiresAt), state } });
}

// No I, O, 0 and 1: they look like each other.
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/** So many codes could be drawn for each that is, or draws would meet too often. */
const ROOM = 100;

export type CodeForm = {
  readonly prefix: string;
  readonly suffix: string;
  readonly length: number;
};

const randomLength = ({ prefix, suffix, length }: CodeForm): number =>
  length - Array.from(prefix + suffix).length;

/** Whether the form leaves enough to chance for that many codes. */
export const hasRoom = (form: CodeForm, count: number): boolean =>
  ALPHABET.length ** Math.max(0, randomLength(form)) >= count * ROOM;

/** A code of that form; five bits of each byte count. */
export function generateCode(form: CodeForm, bytes: Uint8Array): string {
  const symbols = Array.from(bytes.subarray(0, randomLength(form)), (byte) =>
    ALPHABET.charAt(byte & 31),
  );
  return form.prefix + symbols.join("") + form.suffix;
}
