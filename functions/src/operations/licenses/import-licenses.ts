import type { Decision } from "../../core/decision.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type ImportAsk, type Imported, importLicense } from "./import-license.ts";

/** One after the other, a thousand would take longer than a function may. */
const AT_ONCE = 25;

/** Imports each row for itself: what one is answered says nothing about the others. */
export async function importLicenses(
  deps: Deps,
  principal: Principal,
  asks: readonly ImportAsk[],
): Promise<Decision<Imported>[]> {
  const decisions: Decision<Imported>[] = [];
  for (let from = 0; from < asks.length; from += AT_ONCE) {
    const batch = asks.slice(from, from + AT_ONCE);
    decisions.push(...(await Promise.all(batch.map((ask) => importLicense(deps, principal, ask)))));
  }
  return decisions;
}
