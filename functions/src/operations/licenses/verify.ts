import { accept, type Decision, refuse } from "../../core/decision.ts";
import { coversProduct, standing } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { counted } from "../stats/usage-counters.ts";

export type VerifyAsk = { readonly licenseKey: string; readonly productId: string };

/** Whether the key is good for the product now. One document read, none written. */
export async function verify(deps: Deps, ask: VerifyAsk): Promise<Decision<{ license: License }>> {
  const license = await deps.store.get(licenses, keyHashOf(deps, ask.licenseKey));
  if (!license) return refuse("LICENSE_NOT_FOUND");
  return counted(deps, license, judged(license, ask.productId, deps.now()));
}

function judged(license: License, productId: string, now: number): Decision<{ license: License }> {
  const refusal = standing(license, now);
  if (refusal) return refusal;
  return coversProduct(license, productId) ? accept({ license }) : refuse("WRONG_PRODUCT");
}
