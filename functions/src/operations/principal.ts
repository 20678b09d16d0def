import type { AnyScope } from "../core/api-keys.ts";

/** Who asks: the service's administrator, or an account through one of its API keys. */
export type Principal =
  | { readonly kind: "administrator" }
  | {
      readonly kind: "account";
      readonly accountId: string;
      readonly keyId: string;
      /** Null is every scope. */
      readonly scopes: readonly string[] | null;
      /** The products the key is bound to; null is the whole account. */
      readonly productIds: readonly string[] | null;
    };

export type AccountPrincipal = Extract<Principal, { readonly kind: "account" }>;

export const DEFAULT_ACCOUNT = "default";

/** Where audit entries of the service itself are filed; no tenant can have this name. */
export const SERVICE_ACCOUNT = "_service";

/**
 * An account sees its own things, a product-bound key those of its products; what is foreign looks
 * absent. Leave `productId` out for what belongs to no product: only the whole account reaches it.
 */
export const mayReach = (principal: Principal, accountId: string, productId?: string): boolean =>
  principal.kind === "administrator" ||
  (principal.accountId === accountId &&
    (principal.productIds === null ||
      (productId !== undefined && principal.productIds.includes(productId))));

export const hasScope = (principal: Principal, scope: AnyScope): boolean =>
  principal.kind === "administrator" ||
  principal.scopes === null ||
  principal.scopes.includes(scope);

/** A key that reaches some products of its account and nothing else. */
export const isProductBound = (principal: Principal): boolean =>
  principal.kind === "account" && principal.productIds !== null;
