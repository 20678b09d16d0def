/** Every reason to refuse a request that licensing itself has. Words and statuses live with each surface. */
export type RefusalCode =
  | "LICENSE_NOT_FOUND"
  | "LICENSE_REVOKED"
  | "LICENSE_SUSPENDED"
  | "LICENSE_EXPIRED"
  | "WRONG_PRODUCT"
  | "MACHINE_LIMIT_REACHED"
  | "SEAT_LIMIT_REACHED"
  | "NOT_ACTIVATED"
  | "DOMAIN_MISMATCH"
  | "TOKEN_INVALID"
  | "TOKEN_EXPIRED"
  | "RATE_LIMITED"
  | "PRODUCT_NOT_FOUND"
  | "PRODUCT_ID_TAKEN"
  | "PRODUCT_ID_RESERVED"
  | "SLUG_TAKEN"
  | "PAYMENT_ID_TAKEN"
  | "PAYMENT_IDS_TOO_MANY"
  | "PRODUCT_ARCHIVED"
  | "VARIANT_NOT_FOUND"
  | "VARIANT_AMBIGUOUS"
  | "VARIANT_INACTIVE"
  | "VARIANT_TAKEN"
  | "ACCOUNT_FIXED"
  | "ACCOUNT_NOT_FOUND"
  | "CREDENTIALS_WRONG"
  | "EMAIL_NOT_VERIFIED"
  | "EMAIL_TAKEN"
  | "REGISTRATION_CLOSED"
  | "LINK_INVALID"
  | "LOGIN_LOCKED"
  | "LOGIN_CHALLENGE_INVALID"
  | "REFRESH_TOKEN_INVALID"
  | "TOTP_CODE_WRONG"
  | "TOTP_ENABLED"
  | "TOTP_NOT_SET_UP"
  | "ORG_NOT_FOUND"
  | "ORG_SLUG_TAKEN"
  | "ORG_NOT_EMPTY"
  | "ROLE_TOO_LOW"
  | "LAST_OWNER"
  | "USER_NOT_FOUND"
  | "PLAN_NOT_FOUND"
  | "PLAN_IDS_TAKEN"
  | "SUBSCRIPTION_NOT_FOUND"
  | "SUBSCRIPTION_RUNS"
  | "SUBSCRIPTION_STATE"
  | "SUBSCRIPTION_UNPAID"
  | "API_KEY_NOT_FOUND"
  | "API_KEY_INACTIVE"
  | "API_KEY_NOT_ROTATABLE"
  | "VIOLATION_NOT_FOUND"
  | "INBOUND_EVENT_NOT_FOUND"
  | "END_USER_NOT_FOUND"
  | "EXPIRY_CONTRADICTORY"
  | "EXPIRY_PAST"
  | "LICENSE_KEY_TAKEN"
  | "ROOT_KEY_OFFLINE"
  | "ROOT_KEY_MISMATCH"
  | "ROOT_SIGNATURE_INVALID"
  | "SIGNING_KEY_INVALID"
  | "SIGNING_KEY_TAKEN"
  | "SIGNING_KEY_NOT_FOUND"
  | "CODE_NOT_FOUND"
  | "CODE_TAKEN"
  | "CODE_DISABLED"
  | "CODE_EXPIRED"
  | "CODE_USED_UP"
  | "CODE_NEEDS_PRODUCT"
  | "TRIAL_ALREADY_REDEEMED"
  | "REDEMPTION_CODE_NOT_FOUND"
  | "REDEMPTION_CODE_DISABLED"
  | "REDEMPTION_CODE_USED"
  | "REDEMPTION_CODE_EXPIRED"
  | "REDEMPTION_CODE_UNUSED"
  | "PRODUCT_DISABLED"
  | "PRODUCT_EXPIRED"
  | "WEBHOOK_ENDPOINT_NOT_FOUND"
  | "WEBHOOK_DELIVERY_NOT_FOUND"
  | "WEBHOOK_ENDPOINTS_TOO_MANY"
  | "WEBHOOK_ENDPOINT_DISABLED"
  | "WEBHOOK_URL_REFUSED"
  | "SITE_NOT_FOUND"
  | "SITE_REVOKED"
  | "SITE_ACTIONS_TOO_MANY"
  | "LICENSE_EXPIRED_RELATIVE"
  | "HWID_BLACKLISTED"
  | "IP_BLACKLISTED"
  | "HWID_REQUIRED"
  | "HWID_MISMATCH"
  | "HWID_LIMIT_EXCEEDED"
  | "IP_MISMATCH"
  | "IP_LIMIT_EXCEEDED"
  | "SESSION_REQUIRED"
  | "SESSION_REVOKED"
  | "CONCURRENCY_LIMIT_EXCEEDED"
  | "RESET_LIMIT_REACHED"
  | "NONCE_REPLAYED"
  | "INVALID_POLICY"
  | "BLACKLIST_VALUE_INVALID"
  | "BLACKLIST_RANGES_TOO_MANY"
  | "BLACKLIST_ENTRY_NOT_FOUND"
  | "APP_VARIABLE_NOT_FOUND"
  | "APP_VARIABLES_TOO_MANY"
  | "APP_VERSION_NOT_FOUND"
  | "APP_VERSION_TAKEN"
  | "APP_VERSIONS_TOO_MANY"
  | "PRODUCT_FILE_NOT_FOUND"
  | "PRODUCT_FILE_TOO_LARGE";

export type Refusal = {
  readonly ok: false;
  readonly code: RefusalCode;
  /** The limit that was reached. */
  readonly limit?: number;
  readonly retryAfterSeconds?: number;
  /** The request field the refusal is about. */
  readonly field?: string;
  /** What is wrong with that field, where one code has several causes. */
  readonly why?: string;
};

export type Accepted<T> = { readonly ok: true } & T;
export type Decision<T> = Accepted<T> | Refusal;

export const accept = <T>(outcome: T): Accepted<T> => ({ ok: true, ...outcome });

export const refuse = (code: RefusalCode, details: Omit<Refusal, "ok" | "code"> = {}): Refusal => ({
  ok: false,
  code,
  ...details,
});
