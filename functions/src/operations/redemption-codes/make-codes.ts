import type { RedemptionCode } from "../../core/redemption-codes.ts";
import { redemptionCodes } from "../../store/collections.ts";
import { inLots } from "../../store/lots.ts";
import type { Deps } from "../deps.ts";

/** Of one transaction; fewer where they are long. */
const MAX_CODES = 200;
const AT_ONCE = 8;

/** The texts of the codes that this batch made, now or before. */
export async function makeCodes(deps: Deps, codes: readonly RedemptionCode[]): Promise<string[]> {
  const chunks = inLots(redemptionCodes, codes, { most: MAX_CODES });
  const made: string[] = [];
  for (let from = 0; from < chunks.length; from += AT_ONCE) {
    const together = chunks.slice(from, from + AT_ONCE).map((chunk) => makeSome(deps, chunk));
    // When one fails the others end first: what they made is there before the call is repeated.
    await Promise.allSettled(together);
    made.push(...(await Promise.all(together)).flat());
  }
  return made;
}

const makeSome = (deps: Deps, codes: readonly RedemptionCode[]): Promise<string[]> =>
  deps.store.transaction(async (tx) => {
    const there = await tx.getMany(
      redemptionCodes,
      codes.map(({ id }) => id),
    );
    const made = codes.filter((code, index) => {
      const known = there[index];
      if (!known) tx.create(redemptionCodes, code);
      return !known || known.batchId === code.batchId;
    });
    return made.map(({ text }) => text);
  });
