import type { AppVariable, VariableScope } from "../../core/app-variables.ts";
import { derivedId, derivedUuid } from "../../crypto/vault.ts";

export const variableId = (
  productId: string,
  { scope, licenseId, key }: Pick<AppVariable, "scope" | "licenseId" | "key">,
): string => derivedUuid("app-variable", productId, scope, licenseId ?? "", key);

/** Where the number of a product's variables in a scope is kept. */
export const variableCountId = (productId: string, scope: VariableScope): string =>
  derivedId("app-variable-count", productId, scope);
