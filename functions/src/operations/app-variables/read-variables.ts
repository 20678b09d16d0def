import { type AppVariable, MOST_VARIABLES, type VariableScope } from "../../core/app-variables.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { coversProduct, standing } from "../../core/licenses.ts";
import { appVariables, licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";

/** What an app reads, by key. Those of a license are shown while it stands, and none of them otherwise. */
export async function readAppVariables(
  deps: Deps,
  ask: { readonly productId: string } & (
    | { readonly scope: "GLOBAL" }
    | { readonly scope: "USER"; readonly licenseKey: string }
  ),
): Promise<Decision<{ variables: readonly AppVariable[] }>> {
  const { productId } = ask;
  if (ask.scope === "GLOBAL") return accept({ variables: await inScope(deps, productId, null) });
  const license = await deps.store.get(licenses, keyHashOf(deps, ask.licenseKey));
  if (!license || !coversProduct(license, productId)) return refuse("LICENSE_NOT_FOUND");
  const stands = !standing(license, deps.now());
  return accept({ variables: stands ? await inScope(deps, productId, license.id) : [] });
}

async function inScope({ store }: Deps, productId: string, licenseId: string | null) {
  const scope: VariableScope = licenseId === null ? "GLOBAL" : "USER";
  const equal = { productId, scope, licenseId };
  return (await store.query(appVariables, "byLicense", { equal, limit: MOST_VARIABLES })).items;
}
