import type { RefusalCode } from "../../core/decision.ts";

/** A status, a code of section 20 of the reference, and words for people. */
export type Words = readonly [status: number, code: string, message: string];

/** What the operations of people, members and organizations may refuse. */
export const dashboardRefusals = {
  TOKEN_INVALID: [401, "UNAUTHORIZED", "Missing or invalid access token"],
  TOKEN_EXPIRED: [401, "EXPIRED_TOKEN", "Access token has expired"],
  CREDENTIALS_WRONG: [401, "UNAUTHORIZED", "Invalid email or password"],
  EMAIL_NOT_VERIFIED: [403, "FORBIDDEN", "Email not verified"],
  EMAIL_TAKEN: [409, "CONFLICT", "Email is already registered"],
  REGISTRATION_CLOSED: [403, "FORBIDDEN", "Registration is by invitation"],
  LINK_INVALID: [400, "VALIDATION_ERROR", "Token is not valid, was used or has expired"],
  LOGIN_LOCKED: [429, "RATE_LIMITED", "Too many failed logins. Try again later."],
  LOGIN_CHALLENGE_INVALID: [401, "UNAUTHORIZED", "Login challenge is not valid or has expired"],
  REFRESH_TOKEN_INVALID: [401, "UNAUTHORIZED", "Refresh token is not valid"],
  TOTP_CODE_WRONG: [401, "UNAUTHORIZED", "Invalid verification code"],
  TOTP_ENABLED: [409, "CONFLICT", "Two-factor authentication is enabled already"],
  TOTP_NOT_SET_UP: [409, "CONFLICT", "Two-factor authentication is not set up"],
  ORG_NOT_FOUND: [404, "NOT_FOUND", "Organization not found"],
  ORG_SLUG_TAKEN: [409, "CONFLICT", "Slug is already taken"],
  ORG_NOT_EMPTY: [409, "CONFLICT", "The organization still has products or licenses"],
  ROLE_TOO_LOW: [403, "FORBIDDEN", "Your role may not do this"],
  LAST_OWNER: [409, "CONFLICT", "An organization keeps at least one OWNER"],
  PLAN_NOT_FOUND: [404, "NOT_FOUND", "Plan not found"],
  PLAN_IDS_TAKEN: [409, "CONFLICT", "Another plan of the product is sold under one of providerIds"],
  SUBSCRIPTION_NOT_FOUND: [404, "NOT_FOUND", "Subscription not found"],
  SUBSCRIPTION_RUNS: [409, "CONFLICT", "A subscription to this product is active"],
  SUBSCRIPTION_STATE: [409, "CONFLICT", "The subscription is not in a state for this"],
  SUBSCRIPTION_UNPAID: [403, "FORBIDDEN", "The plan starts with its payment"],
  MEMBER_NOT_FOUND: [404, "NOT_FOUND", "Member not found"],
  ALREADY_MEMBER: [409, "CONFLICT", "This address is a member already"],
  TRANSFER_TO_ONESELF: [409, "CONFLICT", "Ownership goes to another member"],
  INVITE_NOT_FOUND: [404, "NOT_FOUND", "Invite not found"],
  INVITE_EXPIRED: [
    410,
    "INVITE_EXPIRED",
    "The invite was used, replaced or revoked, or has expired",
  ],
  INVITE_FOR_ANOTHER: [403, "FORBIDDEN", "The invite is for another address"],
  API_KEY_NOT_FOUND: [404, "NOT_FOUND", "API key not found"],
  API_KEY_INACTIVE: [409, "CONFLICT", "The API key is revoked or expired"],
  WEBHOOK_ENDPOINT_NOT_FOUND: [404, "NOT_FOUND", "Webhook endpoint not found"],
  WEBHOOK_ENDPOINTS_TOO_MANY: [409, "CONFLICT", "The product has as many endpoints as it may"],
  WEBHOOK_URL_REFUSED: [400, "VALIDATION_ERROR", "Request validation failed"],
} satisfies Partial<Record<RefusalCode, Words>>;
