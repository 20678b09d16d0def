import type { AnyScope } from "../core/api-keys.ts";
import type { Role } from "../core/roles.ts";

/** Who asks: the service's administrator, an account through one of its API keys, or one of its members. */
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
    }
  | Member;

/** Somebody at the dashboard. What the role may do is decided before an operation is asked. */
export type Member = {
  readonly kind: "member";
  readonly accountId: string;
  readonly userId: string;
  readonly role: Role;
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
    (principal.kind === "member" ||
      principal.productIds === null ||
      (productId !== undefined && principal.productIds.includes(productId))));

export const hasScope = (principal: Principal, scope: AnyScope): boolean =>
  principal.kind !== "account" || principal.scopes === null || principal.scopes.includes(scope);

/** A key that reaches some products of its account and nothing else. */
export const isProductBound = (principal: Principal): boolean =>
  principal.kind === "account" && principal.productIds !== null;
