import { type AppVariable, VARIABLE_SCOPES, type VariableScope } from "../../core/app-variables.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { appVariables } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

export type VariablesAsk = PageNumber & {
  readonly productId: string;
  readonly scope?: VariableScope | undefined;
  /** Whose; those of the scope `GLOBAL` are nobody's. */
  readonly licenseId?: string | undefined;
};

/** A page of the product's variables: those of one license by key, others newest first. */
export async function listAppVariables(
  deps: Deps,
  principal: Principal,
  { productId, scope, licenseId, ...page }: VariablesAsk,
): Promise<Decision<{ variables: readonly AppVariable[]; total: number }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const { id, accountId } = found.product;
  const { store } = deps;
  const ofAll = { equal: { productId: id, scope: scope ? [scope] : VARIABLE_SCOPES } };
  const ofOne = { equal: { ...ofAll.equal, licenseId: licenseId ?? null } };
  const { items, total } = await pageByNumber(deps, {
    ...page,
    list: ["app-variables", id, scope ?? "", licenseId ?? ""],
    accountId,
    ...(licenseId === undefined
      ? {
          count: () => store.count(appVariables, "byScope", ofAll),
          query: (at) => store.query(appVariables, "byScope", { ...ofAll, ...at }),
        }
      : {
          count: () => store.count(appVariables, "byLicense", ofOne),
          query: (at) => store.query(appVariables, "byLicense", { ...ofOne, ...at }),
        }),
  });
  return accept({ variables: items, total });
}
