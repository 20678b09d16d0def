import {
  type AppVariable,
  MOST_VARIABLES,
  MOST_VARIABLES_AT_ONCE,
  VARIABLE_SCOPES,
} from "../../core/app-variables.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { appVariableCounts, appVariables, licenses } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { variableCountId, variableId } from "./variable-ids.ts";

/** `licenseId` goes with the scope `USER`, and only with it. */
export type VariableAsk = Pick<AppVariable, "scope" | "licenseId" | "key" | "value">;

/** Looked up in one query; more are refused by Firestore. */
const LICENSES_AT_ONCE = 30;

/** Sets up to `MOST_VARIABLES_AT_ONCE` variables, new ones and such that are there; the counts guard the limit. */
export async function setAppVariables(
  deps: Deps,
  principal: Principal,
  ask: { readonly productId: string; readonly variables: readonly VariableAsk[] },
): Promise<Decision<{ variables: AppVariable[] }>> {
  if (ask.variables.length > MOST_VARIABLES_AT_ONCE)
    throw new RangeError("too many for one change");
  const now = deps.now();
  const audit = auditor(deps, principal);
  const reached = await reachProduct(deps.store, principal, ask);
  if (!reached.ok) return reached;
  const { id: productId, accountId } = reached.product;
  const wanted = new Map(ask.variables.map((one) => [variableId(productId, one), one]));
  if (!(await haveLicenses(deps, productId, [...wanted.values()]))) {
    return refuse("LICENSE_NOT_FOUND", { field: "licenseId" });
  }
  return deps.once(async (tx): Promise<Decision<{ variables: AppVariable[] }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const countIds = VARIABLE_SCOPES.map((scope) => variableCountId(productId, scope));
    const known = await tx.getMany(appVariables, [...wanted.keys()]);
    const counts = await tx.getMany(appVariableCounts, countIds);
    const variables = [...wanted].map(([id, one], index): AppVariable => {
      const createdAt = known[index]?.createdAt ?? now;
      return { id, accountId, productId, ...one, createdAt, updatedAt: now };
    });
    for (const [index, scope] of VARIABLE_SCOPES.entries()) {
      const added = variables.filter((one, at) => !known[at] && one.scope === scope).length;
      const count = (counts[index]?.count ?? 0) + added;
      if (added === 0) continue;
      if (count > MOST_VARIABLES)
        return refuse("APP_VARIABLES_TOO_MANY", { limit: MOST_VARIABLES });
      const id = variableCountId(productId, scope);
      tx.set(appVariableCounts, { id, accountId, productId, count });
    }
    for (const one of variables) tx.set(appVariables, one);
    const [first] = variables;
    const one = variables.length === 1 && first;
    audit(tx, {
      accountId,
      action: "app_variable.set",
      targetId: one ? one.id : productId,
      before: one ? (known[0] ?? null) : null,
      after: one || {
        variables: variables.map(({ scope, licenseId, key }) => ({ scope, licenseId, key })),
      },
    });
    return accept({ variables });
  });
}

/** Whether the licenses that variables are for are the product's. */
async function haveLicenses(
  { store }: Deps,
  productId: string,
  variables: readonly VariableAsk[],
): Promise<boolean> {
  const named = [...new Set(variables.flatMap(({ licenseId }) => licenseId ?? []))];
  const lots = Array.from({ length: Math.ceil(named.length / LICENSES_AT_ONCE) }, (_, lot) =>
    named.slice(lot * LICENSES_AT_ONCE, (lot + 1) * LICENSES_AT_ONCE),
  );
  const found = await Promise.all(
    lots.map((id) =>
      store.query(licenses, "byIdentity", { equal: { id }, limit: LICENSES_AT_ONCE }),
    ),
  );
  const own = found.flatMap(({ items }) => items.filter((one) => one.productId === productId));
  return new Set(own.map(({ id }) => id)).size === named.length;
}
