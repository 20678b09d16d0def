import { accept, type Decision, refuse } from "../../core/decision.ts";
import { coversProduct, standing } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";

export type VerifyAsk = { readonly licenseKey: string; readonly productId: string };

/** Whether the key is good for the product now. One document read, none written. */
export async function verify(deps: Deps, ask: VerifyAsk): Promise<Decision<{ license: License }>> {
  const license = await deps.store.get(licenses, keyHashOf(deps, ask.licenseKey));
  if (!license) return refuse("LICENSE_NOT_FOUND");
  const refusal = standing(license, deps.now());
  if (refusal) return refusal;
  return coversProduct(license, ask.productId) ? accept({ license }) : refuse("WRONG_PRODUCT");
}
