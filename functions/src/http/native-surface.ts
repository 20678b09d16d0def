import type { Refusal, RefusalCode } from "../core/decision.ts";
import { type Problem, problemStatus } from "./problem.ts";
import type { Surface } from "./surface.ts";

type Words = string | ((refusal: Refusal) => string);

/** Statuses and words of the native contract (reference, section 3). */
export const nativeRefusals = {
  LICENSE_NOT_FOUND: [404, "License not found"],
  LICENSE_REVOKED: [403, "License has been revoked"],
  LICENSE_SUSPENDED: [403, "License has been suspended"],
  LICENSE_EXPIRED: [403, "License has expired"],
  WRONG_PRODUCT: [403, "License is for a different product"],
  MACHINE_LIMIT_REACHED: [
    403,
    ({ limit }) => `Machine limit reached (${limit}). Deactivate another machine first.`,
  ],
  SEAT_LIMIT_REACHED: [
    403,
    ({ limit }) => `Floating seat limit reached (${limit}). Close another session first.`,
  ],
  NOT_ACTIVATED: [404, "Machine is not activated on this license"],
  DOMAIN_MISMATCH: [403, "Machine is activated for another domain"],
  TOKEN_INVALID: [401, "Session token is invalid. Activate again."],
  TOKEN_EXPIRED: [401, "Session token has expired. Activate again."],
  RATE_LIMITED: [429, "Too many activation attempts. Try again later."],
  PRODUCT_NOT_FOUND: [404, ({ field }) => `${field ?? "productId"}: no such product`],
  PRODUCT_ID_TAKEN: [409, "productId: already taken"],
  PRODUCT_ID_RESERVED: [400, "productId: must not have the form of a UUID"],
  SLUG_TAKEN: [409, "slug: already taken in this account"],
  PAYMENT_ID_TAKEN: [
    409,
    ({ field }) => `${field ?? "paymentIds"}: names an id that another product has`,
  ],
  PAYMENT_IDS_TOO_MANY: [
    400,
    ({ limit }) => `paymentIds: changes more than ${limit} ids; change them in several calls`,
  ],
  PRODUCT_ARCHIVED: [
    409,
    ({ field }) => `${field ?? "productId"}: the product is archived and sells nothing new`,
  ],
  VARIANT_NOT_FOUND: [404, ({ field }) => `${field ?? "variantId"}: no such variant`],
  VARIANT_AMBIGUOUS: [400, "variantId: could be two variants; send productId and name"],
  VARIANT_INACTIVE: [409, "variant: is inactive and not sold any more"],
  VARIANT_TAKEN: [409, "name: the product already has this variant"],
  CODE_NOT_FOUND: [404, "code: no such code"],
  CODE_TAKEN: [409, "code: already taken in this account"],
  CODE_DISABLED: [403, "Code is disabled"],
  CODE_EXPIRED: [403, "Code has expired"],
  CODE_USED_UP: [403, "Code has been used up"],
  CODE_NEEDS_PRODUCT: [400, "productId: the code is for every product; say which one"],
  TRIAL_ALREADY_REDEEMED: [409, "email: has had a trial of this product"],
  REDEMPTION_CODE_NOT_FOUND: [404, "code: the product has no such code"],
  REDEMPTION_CODE_DISABLED: [403, "Code is disabled"],
  REDEMPTION_CODE_USED: [409, "code: has been used; only an unused code can be disabled"],
  REDEMPTION_CODE_EXPIRED: [403, "Code is expired"],
  REDEMPTION_CODE_UNUSED: [409, "Code is already unused"],
  PRODUCT_DISABLED: [403, "Product is disabled"],
  PRODUCT_EXPIRED: [403, "Product is expired"],
  ACCOUNT_FIXED: [400, "creatorId: is the API key's own account; leave it out"],
  ACCOUNT_NOT_FOUND: [404, "creatorId: no such account"],
  API_KEY_NOT_FOUND: [404, "keyId: no such API key"],
  API_KEY_INACTIVE: [409, "keyId: the key is revoked or expired. Create another."],
  API_KEY_NOT_ROTATABLE: [
    409,
    "keyId: create another key for its product instead; that takes this one's place",
  ],
  VIOLATION_NOT_FOUND: [404, "violationIds: names a violation that the license does not have"],
  INBOUND_EVENT_NOT_FOUND: [404, "eventId: no such event"],
  EXPIRY_CONTRADICTORY: [400, ({ field, why }) => `${field}: ${why}`],
  EXPIRY_PAST: [400, "expiresAt: must be in the future"],
  LICENSE_KEY_TAKEN: [409, "licenseKey: already taken"],
  WEBHOOK_ENDPOINT_NOT_FOUND: [404, "endpointId: no such webhook endpoint"],
  WEBHOOK_DELIVERY_NOT_FOUND: [404, "deliveryId: no such delivery"],
  WEBHOOK_ENDPOINTS_TOO_MANY: [
    409,
    ({ limit }) => `There are ${limit} webhook endpoints, the most there may be. Delete one.`,
  ],
  WEBHOOK_ENDPOINT_DISABLED: [
    409,
    "deliveryId: its endpoint is disabled. Enable it with updateWebhookEndpoint first.",
  ],
  WEBHOOK_URL_REFUSED: [400, ({ why }) => `url: ${why}`],
  SITE_NOT_FOUND: [404, "siteId: no such site"],
  SITE_REVOKED: [403, "The site has been revoked"],
  SITE_ACTIONS_TOO_MANY: [
    409,
    ({ limit }) => `siteId: has ${limit} waiting actions, the most there may be`,
  ],
  BLACKLIST_VALUE_INVALID: [
    400,
    ({ field }) => `${field ?? "value"}: must be an IP address or a range such as 203.0.113.0/24`,
  ],
  BLACKLIST_RANGES_TOO_MANY: [
    409,
    ({ limit }) => `The product blacklists ${limit} ranges of addresses, the most there may be.`,
  ],
  BLACKLIST_ENTRY_NOT_FOUND: [404, "entryId: no such entry"],
  END_USER_NOT_FOUND: [404, "endUserId: no such end user"],
  USER_BANNED: [403, "The account is banned"],
  USERNAME_TAKEN: [409, "username: already taken"],
  LICENSE_CLAIMED: [409, "The license is another customer's"],
  APP_VARIABLE_NOT_FOUND: [404, "variableId: no such variable"],
  APP_VARIABLES_TOO_MANY: [
    409,
    ({ limit }) => `A product has at most ${limit} variables in a scope. Delete one.`,
  ],
  APP_VERSION_NOT_FOUND: [404, ({ field }) => `${field ?? "versionId"}: no such version`],
  APP_VERSION_TAKEN: [409, "version: the product has it already"],
  APP_VERSIONS_TOO_MANY: [
    409,
    ({ limit }) => `A product has at most ${limit} versions. Delete one.`,
  ],
  PRODUCT_FILE_NOT_FOUND: [404, "fileId: no such file"],
  DOWNLOAD_LINK_INVALID: [401, "The download link is not valid"],
  DOWNLOAD_LINK_EXPIRED: [403, "The download link has expired"],
  UPLOAD_NOT_FOUND: [404, "uploadId: no such upload, or it was not completed in time"],
  UPLOAD_NOT_RECEIVED: [409, "uploadId: its bytes have not come yet"],
  UPLOAD_SIZE_WRONG: [400, ({ limit }) => `file: must have ${limit} bytes`],
  UPLOAD_LINK_INVALID: [403, "The upload link is not valid or has expired"],
  UPLOAD_LINK_USED: [403, "The upload link was used"],
  PRODUCT_FILE_TOO_LARGE: [413, ({ limit }) => `file: is larger than ${limit} bytes`],
  CREDENTIALS_WRONG: [401, "Invalid email or password"],
  EMAIL_NOT_VERIFIED: [403, "Email not verified"],
  EMAIL_TAKEN: [409, "email: already registered"],
  REGISTRATION_CLOSED: [403, "Registration is by invitation"],
  LINK_INVALID: [400, "token: is not valid, was used or has expired"],
  LOGIN_LOCKED: [429, "Too many failed logins. Try again later."],
  LOGIN_CHALLENGE_INVALID: [401, "Login challenge is not valid or has expired. Log in again."],
  REFRESH_TOKEN_INVALID: [401, "Refresh token is not valid. Log in again."],
  TOTP_CODE_WRONG: [401, "Invalid verification code"],
  TOTP_ENABLED: [409, "Two-factor authentication is enabled already"],
  TOTP_NOT_SET_UP: [409, "Two-factor authentication is not set up"],
  ORG_NOT_FOUND: [404, "No such organization"],
  ORG_SLUG_TAKEN: [409, "slug: already taken"],
  ORG_NOT_EMPTY: [409, "The organization still has products or licenses. Delete them first."],
  ROLE_TOO_LOW: [403, "Your role may not do this"],
  LAST_OWNER: [409, "An organization keeps at least one OWNER"],
  MEMBER_NOT_FOUND: [404, "No such member"],
  ALREADY_MEMBER: [409, "email: is a member already"],
  TRANSFER_TO_ONESELF: [409, "newOwnerId: is you; name another member"],
  INVITE_NOT_FOUND: [404, "No such invitation"],
  INVITE_EXPIRED: [410, "The invitation was used or has expired"],
  INVITE_FOR_ANOTHER: [403, "The invitation is for another address"],
  USER_NOT_FOUND: [404, "email: nobody registered with this address"],
  PLAN_NOT_FOUND: [404, "planId: no such plan"],
  PLAN_IDS_TAKEN: [409, "providerIds: names an id that another plan of the product has"],
  SUBSCRIPTION_NOT_FOUND: [404, "subscriptionId: no such subscription"],
  SUBSCRIPTION_RUNS: [409, "A subscription to this product runs already"],
  SUBSCRIPTION_STATE: [409, "The subscription is not in a state for this"],
  SUBSCRIPTION_UNPAID: [403, "The plan starts with its payment"],
  ROOT_KEY_OFFLINE: [
    409,
    "The root key is kept elsewhere: certify a signing key with `npm run keys` and send it",
  ],
  ROOT_KEY_MISMATCH: [
    409,
    "rootPublicKey: is not this service's root key; replaceRoot: true replaces it",
  ],
  ROOT_SIGNATURE_INVALID: [
    400,
    "rootSignature: is not the root key's signature over the public half of privateKey",
  ],
  SIGNING_KEY_INVALID: [
    400,
    ({ field }) => `${field ?? "privateKey"}: must be an unencrypted RSA key of 2048 bits or more`,
  ],
  SIGNING_KEY_TAKEN: [409, "privateKey: is in the keyring already"],
  SIGNING_KEY_NOT_FOUND: [404, "revokeKid: no such signing key"],
  LICENSE_EXPIRED_RELATIVE: [403, "License has expired"],
  HWID_BLACKLISTED: [403, "Device is blacklisted"],
  IP_BLACKLISTED: [403, "Address is blacklisted"],
  HWID_REQUIRED: [403, "hwid: the license is limited by devices; say which one"],
  HWID_MISMATCH: [403, "License is bound to another device"],
  HWID_LIMIT_EXCEEDED: [403, "Device limit reached"],
  IP_MISMATCH: [403, "License is bound to another address"],
  IP_LIMIT_EXCEEDED: [403, "Address limit reached"],
  SESSION_REQUIRED: [403, "sessionId: the license is limited by sessions; say which one"],
  SESSION_NOT_FOUND: [404, "session: no such session"],
  SESSION_REVOKED: [403, "Session has been revoked"],
  CONCURRENCY_LIMIT_EXCEEDED: [403, "Session limit reached"],
  RESET_LIMIT_REACHED: [403, "No more resets now"],
  NONCE_REPLAYED: [401, "Nonce has been used"],
  INVALID_POLICY: [400, ({ field, why }) => `${field}: ${why}`],
} as const satisfies Record<RefusalCode, readonly [status: number, words: Words]>;

type Options = {
  /** The field that is `false` in a failure body. */
  readonly failure: "valid" | "success";
  /** Replaces the text for a missing field where the reference has one. */
  readonly missingFields?: string;
  /** Statuses this endpoint has of its own. */
  readonly statuses?: Partial<Record<RefusalCode, number>>;
};

/** `{<failure>: false, error, code}` and, where they help, `details`, `retryAfterSeconds`, `requestId`. */
export function nativeSurface({ failure, missingFields, statuses }: Options): Surface {
  return {
    refusal(refusal) {
      const [status, words]: readonly [number, Words] = nativeRefusals[refusal.code];
      const retry = refusal.retryAfterSeconds;
      return {
        status: statuses?.[refusal.code] ?? status,
        body: {
          [failure]: false,
          error: typeof words === "string" ? words : words(refusal),
          code: refusal.code,
          ...(retry === undefined ? {} : { retryAfterSeconds: retry }),
        },
        code: refusal.code,
        ...(retry === undefined ? {} : { headers: { "Retry-After": String(retry) } }),
      };
    },
    problem(problem, requestId) {
      const status = problemStatus[problem.code];
      const details = problem.fields.map(({ field, message }) => ({ field, message }));
      const retry = problem.headers["Retry-After"];
      return {
        status,
        body: {
          [failure]: false,
          error: wordsOf(problem, missingFields),
          code: problem.code,
          ...(details.length > 0 ? { details } : {}),
          ...(retry === undefined ? {} : { retryAfterSeconds: Number(retry) }),
          ...(status >= 500 ? { requestId } : {}),
        },
        code: problem.code,
        headers: problem.headers,
      };
    },
  };
}

const wordsOf = (problem: Problem, missingFields: string | undefined): string =>
  missingFields !== undefined && problem.fields.some((field) => field.missing)
    ? missingFields
    : problem.message;
