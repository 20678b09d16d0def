/** Who asks: the service's administrator, or an account through one of its API keys. */
export type Principal =
  | { readonly kind: "administrator" }
  | { readonly kind: "account"; readonly accountId: string; readonly keyId: string };

export const DEFAULT_ACCOUNT = "default";

/** An account sees its own things; what is foreign looks absent. */
export const mayReach = (principal: Principal, accountId: string): boolean =>
  principal.kind === "administrator" || principal.accountId === accountId;
