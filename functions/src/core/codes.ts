import { type Refusal, refuse } from "./decision.ts";
import type { Code } from "./records.ts";

export const EVERY_PRODUCT = "*";
const DEFAULT_TRIAL_DAYS = 14;
const DAY_MS = 86_400_000;

/** One spelling for all spellings of a code: case and surrounding space do not matter. */
export const canonicalCode = (given: string): string =>
  given.normalize("NFKC").trim().toUpperCase();

/** The refusal that any use of the code meets now, or `undefined` when it is good. */
export function codeStanding(code: Code, now: number): Refusal | undefined {
  if (!code.active) return refuse("CODE_DISABLED");
  if (code.expiresAt !== null && now >= code.expiresAt) return refuse("CODE_EXPIRED");
  if (code.maxUses !== null && code.usedCount >= code.maxUses) {
    return refuse("CODE_USED_UP");
  }
  return undefined;
}

export const goodForProduct = (code: Code, productId: string): boolean =>
  code.scope === EVERY_PRODUCT || code.scope === productId;

export type Benefit = Pick<Code, "kind" | "trialDays" | "percentOff" | "amountOff" | "currency">;
export type AskedBenefit = {
  readonly [K in Exclude<keyof Benefit, "kind">]?: NonNullable<Benefit[K]> | undefined;
};

/** What a code gives once the asked parts are set: a new discount replaces the one before. */
export function benefitOf(asked: AskedBenefit, before?: Benefit): Benefit {
  const { percentOff = null, amountOff = null, currency = null } = asked;
  const discount =
    percentOff === null && amountOff === null && before
      ? { percentOff: before.percentOff, amountOff: before.amountOff, currency: before.currency }
      : { percentOff, amountOff, currency };
  const discounts = discount.percentOff !== null || discount.amountOff !== null;
  return {
    ...discount,
    kind: discounts ? "discount" : "trial",
    trialDays: asked.trialDays ?? before?.trialDays ?? (discounts ? null : DEFAULT_TRIAL_DAYS),
  };
}

/** When a trial that begins now ends. */
export const trialEnd = (code: Code, now: number): number =>
  now + (code.trialDays ?? DEFAULT_TRIAL_DAYS) * DAY_MS;
