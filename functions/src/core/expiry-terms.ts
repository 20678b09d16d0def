import { accept, type Decision, refuse } from "./decision.ts";
import { type ExpirationMode, fixedExpiryOf } from "./expiry.ts";
import type { License } from "./records.ts";

type ExpiryTerms = Pick<License, "expiresAfterDays" | "fixedExpiresAt">;

/** `undefined` leaves a term as it is, unless the mode has no room for it. */
export type AskedExpiry = {
  readonly mode?: ExpirationMode | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly expiresAfterDays?: number | null | undefined;
};

export const asksExpiry = (asked: AskedExpiry): boolean =>
  Object.values(asked).some((value) => value !== undefined);

/** The terms that were asked for, over those that hold. A mode takes what it needs and nothing else. */
export function expiryTerms(
  asked: AskedExpiry,
  held: Pick<License, "expiresAt" | "expiresAfterDays" | "fixedExpiresAt"> | null,
): Decision<{ terms: ExpiryTerms }> {
  const { mode } = asked;
  const term = (
    field: "expiresAt" | "expiresAfterDays",
    before: number | null,
    modes: readonly ExpirationMode[],
  ): Decision<{ value: number | null }> => {
    const value = asked[field] === undefined ? before : asked[field];
    if (mode === undefined) return accept({ value });
    const wrong = (why: string) => refuse("EXPIRY_CONTRADICTORY", { field, why });
    if (modes.includes(mode)) {
      return value === null
        ? wrong(`is required where expirationMode is ${mode}`)
        : accept({ value });
    }
    return (asked[field] ?? null) === null
      ? accept({ value: null })
      : wrong(`contradicts expirationMode ${mode}`);
  };
  const fixed = term("expiresAt", held && fixedExpiryOf(held), ["fixed", "both"]);
  if (!fixed.ok) return fixed;
  const days = term("expiresAfterDays", held?.expiresAfterDays ?? null, [
    "afterActivation",
    "both",
  ]);
  if (!days.ok) return days;
  return accept({ terms: { fixedExpiresAt: fixed.value, expiresAfterDays: days.value } });
}
