import { accept, type Decision, refuse } from "../../core/decision.ts";
import { appVariableCounts, appVariables } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { variableCountId } from "./variable-ids.ts";

/** Deletes a variable of the product. */
export async function deleteAppVariable(
  deps: Deps,
  principal: Principal,
  ask: { readonly productId: string; readonly variableId: string },
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const variable = await tx.get(appVariables, ask.variableId);
    if (variable?.productId !== found.product.id) return refuse("APP_VARIABLE_NOT_FOUND");
    const { id, accountId, productId, scope } = variable;
    const countId = variableCountId(productId, scope);
    const counted = await tx.get(appVariableCounts, countId);
    const count = Math.max(0, (counted?.count ?? 0) - 1);
    tx.delete(appVariables, id);
    tx.set(appVariableCounts, { id: countId, accountId, productId, count });
    const action = "app_variable.delete";
    audit(tx, { accountId, action, targetId: id, before: variable, after: null });
    return accept({ deleted: true });
  });
}
