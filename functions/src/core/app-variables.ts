export const VARIABLE_SCOPES = ["GLOBAL", "USER"] as const;
export type VariableScope = (typeof VARIABLE_SCOPES)[number];

/** A setting that an app reads when it runs: one of its product, or one of a license. */
export type AppVariable = {
  /** Derived from product, scope, license and key. */
  id: string;
  accountId: string;
  productId: string;
  scope: VariableScope;
  /** Null in the scope `GLOBAL`. */
  licenseId: string | null;
  key: string;
  value: string;
  createdAt: number;
  updatedAt: number;
};

// Reference, section 17.
export const VARIABLE_KEY_FORM = /^[A-Za-z0-9_.-]{1,100}$/;
export const MAX_VARIABLE_LENGTH = 8192;
/** Of a product in one scope. */
export const MOST_VARIABLES = 1_000;
export const MOST_VARIABLES_AT_ONCE = 100;
