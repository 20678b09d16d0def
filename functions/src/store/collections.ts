import * as z from "zod";
import { KEY_KINDS } from "../core/api-keys.ts";
import { MAX_VARIABLE_LENGTH, VARIABLE_KEY_FORM, VARIABLE_SCOPES } from "../core/app-variables.ts";
import { MAX_CHANGELOG_LENGTH } from "../core/app-versions.ts";
import { BLACKLIST_TYPES } from "../core/blacklists.ts";
import { NO_LIMITS_SET } from "../core/enforcement.ts";
import type { EventType } from "../core/events.ts";
import { INVITE_STATUSES } from "../core/invites.ts";
import { PAYMENT_KINDS, PROVIDERS, SELLERS } from "../core/payments.ts";
import { PLANS } from "../core/plans.ts";
import { VIOLATION_TYPES } from "../core/records.ts";
import { ROLES } from "../core/roles.ts";
import { GRANT_SOURCES, INTERVALS, SUBSCRIPTION_STATUSES } from "../core/subscriptions.ts";
import { USER_TOKEN_KINDS } from "../core/users.ts";
import { NOTHING_WATCHED } from "../core/watch.ts";
import { FORMATS } from "../core/webhooks.ts";
import { collection, part } from "./collection.ts";

const instant = z.int().min(0).describe("Epoch milliseconds");
const count = z.int().min(0);
const limit = z.int().min(-1).describe("-1 is unlimited");

/** Tenants. */
export const accounts = collection({
  name: "accounts",
  idField: "id",
  shape: {
    id: z.string(),
    createdAt: instant,
    /** How many it has: there is a limit. */
    webhookEndpoints: count.default(0),
    plan: z.enum(PLANS).default("start"),
    name: z.string().nullable().default(null),
    slug: z.string().nullable().default(null),
    portalEnabled: z.boolean().default(false),
    owners: count.default(0),
  },
  queries: {},
});

/** Names that may be taken once: the id is derived from the kind and the name. */
export const reservations = collection({
  name: "reservations",
  idField: "id",
  shape: {
    id: z.string(),
    kind: z.enum(["product-handle", "product-slug", "codegate-key", "org-slug", "end-user-name"]),
    accountId: z.string(),
    targetId: z.string(),
    createdAt: instant,
  },
  queries: {},
});

const seller = z.enum(SELLERS);

const slotLimit = part({
  mode: z.enum(["unlimited", "sticky", "limit"]),
  maxDistinct: count.nullable(),
});
const resetBudget = part({ max: count, cooldownHours: count });
const policy = part({
  hwid: slotLimit.nullable(),
  ip: slotLimit.extend({ windowDays: count, limitType: z.enum(["ip", "region"]) }).nullable(),
  concurrency: part({
    mode: z.enum(["unlimited", "limit"]),
    maxActive: count.nullable(),
    sessionTtlSeconds: count,
  }).nullable(),
  hwidResets: resetBudget.nullable(),
  ipResets: resetBudget.nullable(),
});

export const products = collection({
  name: "products",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    handle: z.string(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    status: z.enum(["live", "unlisted", "archived"]),
    /** Null, or all left out, is the default. */
    enforcement: part({
      countriesPerDay: count.nullable(),
      newMachinesPerSlot: count.nullable(),
      turnedAwayPerSeat: count.nullable(),
      addressesPerDay: count.nullable(),
    }).default(NO_LIMITS_SET),
    /** Each has its document in `paymentIds`. */
    paymentIds: z
      .array(part({ provider: seller, id: z.string(), variant: z.string().nullable() }))
      .default([]),
    unlocks: z.array(part({ id: z.uuid(), handle: z.string() })).default([]),
    quantity: z.enum(["seats", "keys"]).default("seats"),
    graceDays: count.nullable().default(null),
    defaultPolicy: policy.nullable().default(null),
    blacklist: part({
      hwids: count,
      ips: count,
      ranges: z.array(part({ id: z.string(), cidr: z.string(), reason: z.string().nullable() })),
    }).default({ hwids: 0, ips: 0, ranges: [] }),
    /** How many it has in GeckoGuard's format: there is a limit. */
    webhookEndpoints: count.default(0),
    enabled: z.boolean().default(true),
    expiresAt: instant.nullable().default(null),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    all: { order: ["createdAt", "desc"] },
    byStatus: { equal: ["status"], order: ["createdAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["createdAt", "desc"] },
    byAccountAndStatus: { equal: ["accountId", "status"], order: ["createdAt", "desc"] },
  },
});

/** Products that were deleted and have things left that hang on them. The id is the product's. */
export const productRemovals = collection({
  name: "productRemovals",
  idField: "id",
  shape: { id: z.uuid(), accountId: z.string(), startedAt: instant },
  queries: { oldest: { order: ["startedAt", "asc"] } },
});

/** Which product a payment provider's id is. The id is derived from both, so each is one product's. */
export const paymentIds = collection({
  name: "paymentIds",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    productId: z.uuid(),
    variant: z.string().nullable(),
    createdAt: instant,
  },
  queries: {},
});

const licenseType = z.enum(["per-machine", "floating", "site"]);

export const variants = collection({
  name: "variants",
  idField: "id",
  shape: {
    id: z.string(),
    productId: z.uuid(),
    accountId: z.string(),
    name: z.string(),
    label: z.string(),
    licenseType: licenseType.nullable(),
    maxMachines: limit.nullable(),
    maxConcurrent: limit.nullable(),
    durationDays: z.int().min(1).nullable(),
    active: z.boolean(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byProduct: { equal: ["productId"], order: ["createdAt", "desc"] },
    byProductAndActive: { equal: ["productId", "active"], order: ["createdAt", "desc"] },
  },
});

/** Discount and trial codes. The id is derived from account and code. */
export const codes = collection({
  name: "codes",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    kind: z.enum(["trial", "discount"]),
    code: z.string(),
    /** A product's UUID, or `*` for every product of the account. */
    scope: z.string(),
    productHandle: z.string().nullable(),
    trialDays: z.int().min(1).nullable(),
    percentOff: z.number().nullable(),
    amountOff: z.number().nullable(),
    currency: z.string().nullable(),
    maxUses: z.int().min(1).nullable(),
    usedCount: count,
    expiresAt: instant.nullable(),
    active: z.boolean(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byAccount: { equal: ["accountId"], order: ["createdAt", "desc"] },
    byKind: { equal: ["accountId", "kind"], order: ["createdAt", "desc"] },
    byScope: { equal: ["accountId", "scope"], order: ["createdAt", "desc"] },
    byKindAndScope: { equal: ["accountId", "kind", "scope"], order: ["createdAt", "desc"] },
  },
});

/** One trial for each e-mail address and product: the id is derived from both. */
export const trialClaims = collection({
  name: "trialClaims",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    productId: z.uuid(),
    licenseId: z.uuid(),
    createdAt: instant,
  },
  queries: {},
});

const matched = {
  equal: ["productId", "state"],
  substring: "folded",
  order: ["createdAt", "desc"],
} as const;

/** Codes good for one redemption. The id is derived from product and text. */
export const redemptionCodes = collection({
  name: "redemptionCodes",
  idField: "id",
  shape: {
    id: z.uuid(),
    productId: z.uuid(),
    accountId: z.string(),
    text: z.string(),
    folded: z.string(),
    state: z.enum(["unused", "used", "disabled"]),
    expiresAt: instant.nullable(),
    endsLatest: instant,
    endsEarliest: instant,
    usedAt: instant.nullable(),
    usedBy: z.string().nullable(),
    batchId: z.string(),
    proofs: z.array(part({ hash: z.string(), at: instant })).default([]),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    /** Two, as one range cannot hold both what ends in time and what never ends of itself. */
    endsLatest: { ...matched, bound: "endsLatest" },
    endsEarliest: { ...matched, bound: "endsEarliest" },
    byUse: { equal: ["productId", "state"], order: ["usedAt", "desc"] },
  },
});

/** Redemptions and reactivations, refused redemptions included. */
export const redemptionLog = collection({
  name: "redemptionLog",
  idField: "id",
  shape: {
    id: z.uuid(),
    codeId: z.uuid(),
    productId: z.uuid(),
    accountId: z.string(),
    at: instant,
    by: z.string().nullable(),
    address: z.string().nullable(),
    result: z.enum(["success", "failed", "reactivated"]),
    reason: z.string().nullable(),
  },
  queries: { byCode: { equal: ["codeId"], order: ["at", "desc"] } },
});

/** What a product turns away. The id is derived from product, type and the hash of the value. */
export const blacklistEntries = collection({
  name: "blacklistEntries",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    type: z.enum(BLACKLIST_TYPES),
    value: z.string(),
    valueHash: z.string(),
    folded: z.string(),
    reason: z.string().nullable(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byType: {
      equal: ["productId", "type"],
      substring: "folded",
      order: ["createdAt", "desc"],
    },
  },
});

/** Settings that apps read. The id is derived from product, scope, license and key. */
export const appVariables = collection({
  name: "appVariables",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    scope: z.enum(VARIABLE_SCOPES),
    licenseId: z.uuid().nullable(),
    key: z.string().regex(VARIABLE_KEY_FORM),
    value: z.string().max(MAX_VARIABLE_LENGTH),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byLicense: { equal: ["productId", "scope", "licenseId"], order: ["key", "asc"] },
    byScope: { equal: ["productId", "scope"], order: ["createdAt", "desc"] },
    ofLicense: { equal: ["licenseId"] },
  },
});

/** How many variables a product has in a scope: there is a limit. The id is derived from both. */
export const appVariableCounts = collection({
  name: "appVariableCounts",
  idField: "id",
  shape: { id: z.string(), accountId: z.string(), productId: z.uuid(), count },
  queries: {},
});

/** The id is derived from product and version. */
export const appVersions = collection({
  name: "appVersions",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    version: z.string(),
    changelog: z.string().max(MAX_CHANGELOG_LENGTH),
    fileHashes: z.record(z.string(), z.string()),
    downloadUrl: z.string().nullable(),
    forceUpdate: z.boolean(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: { byProduct: { equal: ["productId"], order: ["createdAt", "desc"] } },
});

/** Which version of a product is current, and which are forced. The id is the product's. */
export const appReleases = collection({
  name: "appReleases",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    versions: count,
    currentId: z.uuid().nullable(),
    forced: z.array(part({ id: z.uuid(), version: z.string(), createdAt: instant })),
  },
  queries: {},
});

/** Files of a product; their bytes are kept apart. */
export const productFiles = collection({
  name: "productFiles",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    name: z.string(),
    filename: z.string(),
    size: count,
    mimeType: z.string(),
    sha256: z.string(),
    versionId: z.uuid().nullable(),
    planId: z.uuid().nullable(),
    public: z.boolean(),
    downloads: count,
    createdAt: instant,
  },
  queries: { byProduct: { equal: ["productId"], order: ["createdAt", "desc"] } },
});

/** Files whose bytes come by a link of their own. */
export const fileUploads = collection({
  name: "fileUploads",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    name: z.string(),
    filename: z.string(),
    size: count,
    versionId: z.uuid().nullable(),
    planId: z.uuid().nullable(),
    public: z.boolean(),
    createdAt: instant,
    linkEndsAt: instant,
    takenAt: instant.nullable(),
    sweepAt: instant,
  },
  queries: { due: { order: ["sweepAt", "asc"] } },
});

/** How far the last look at all bytes has come. */
export const fileSweeps = collection({
  name: "fileSweeps",
  idField: "id",
  shape: { id: z.string(), after: z.string().nullable() },
  queries: {},
});

/** Where a page of a list by page numbers begins, for a while. The id is derived from the list and the page. */
export const listPages = collection({
  name: "listPages",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    /** Of how many items; with another number of them the page begins elsewhere. */
    total: count,
    after: z.string(),
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {},
});

/** Attempts since `startedAt`; a window lasts an hour. */
const attempts = part({ startedAt: instant, count });

/** What was seen since `startedAt`; each rule has its own window. */
const sightings = part({ startedAt: instant, seen: z.array(z.string()) });
const nothing = { startedAt: 0, seen: [] };

const binding = part({
  valueHash: z.string(),
  region: z.string().nullable(),
  firstSeenAt: instant,
  lastSeenAt: instant,
  revokedAt: instant.nullable(),
});
const resets = part({ count, lastAt: instant.nullable() });
const authorization = part({
  minute: part({ startedAt: instant, count }),
  lastAuthorizedAt: instant.nullable(),
  hwids: z.array(binding),
  addresses: z.array(binding),
  sessions: z.array(
    part({
      id: z.uuid(),
      sessionId: z.string(),
      deviceId: z.string().nullable(),
      ip: z.string().nullable(),
      hwidHash: z.string().nullable(),
      startedAt: instant,
      lastSeenAt: instant,
      revokedAt: instant.nullable(),
    }),
  ),
  hwidResets: resets,
  ipResets: resets,
});

const licenseStatus = z.enum(["active", "degraded", "suspended", "revoked"]);

/**
 * A license is filed under the keyed hash of its key, so that a client call reads it by id; `id` is
 * its identity and outlives a key rotation.
 */
export const licenses = collection({
  name: "licenses",
  idField: "keyHash",
  shape: {
    keyHash: z.string(),
    id: z.uuid(),
    keySealed: z.string(),
    accountId: z.string(),
    productId: z.uuid(),
    productHandle: z.string(),
    unlockedProducts: z.array(part({ id: z.uuid(), handle: z.string() })),
    email: z.string(),
    variant: z.string(),
    licenseType,
    status: licenseStatus,
    threatLevel: z.int().min(0).max(4),
    maxMachines: limit,
    maxConcurrent: limit.nullable(),
    /** Kept only where it guards a limit: per-machine licenses with one. */
    machinesUsed: count,
    /** Floating seats taken, lapsed ones included until they are reclaimed. */
    seatsUsed: count,
    /** The counters hold the activations marked with this number. */
    countEpoch: count.default(0),
    /** Counters are kept before the limit they are for is set. */
    countAhead: z.boolean().default(false),
    /** In how many `seatShards` the seats are counted; `seatsUsed` says nothing then. */
    seatShards: count.default(0),
    attempts,
    watch: part({ countries: sightings, newMachines: sightings, turnedAway: sightings }).default(
      NOTHING_WATCHED,
    ),
    /** Bounded: one unresolved of a type, and the last that were resolved. */
    violations: z
      .array(
        part({
          id: z.string(),
          type: z.enum(VIOLATION_TYPES),
          severity: z.int().min(1),
          detectedAt: instant,
          resolvedAt: instant.nullable(),
          details: z.record(z.string(), z.unknown()),
        }),
      )
      .default([]),
    /** When threat level 3 blocks it. */
    suspendsAt: instant.nullable().default(null),
    /** When it was last blocked, or made good again. */
    standingChangedAt: instant.nullable().default(null),
    statusBeforeRules: licenseStatus.nullable().default(null),
    expiresAt: instant.nullable(),
    expiresAfterDays: z.int().min(1).nullable().default(null),
    fixedExpiresAt: instant.nullable().default(null),
    activatedAt: instant.nullable().default(null),
    /** The `expiresAt` that is to be told of; null once it was. */
    tellExpiryAt: instant.nullable().default(null),
    /** How long it goes on as degraded past `expiresAt`. */
    graceMs: count.default(0),
    purchasedAt: instant.nullable(),
    discountCode: z.string().nullable(),
    purchaseId: z.string().nullable(),
    bundleId: z.string().nullable(),
    disputeReason: z.string().nullable(),
    disputedAt: instant.nullable(),
    policyOverride: policy.nullable().default(null),
    slotsByPolicy: z.boolean().default(false),
    authorization: authorization.nullable().default(null),
    endUserId: z.uuid().nullable().default(null),
    ownerName: z.string().nullable().default(null),
    planId: z.uuid().nullable().default(null),
    note: z.string().nullable().default(null),
    refileAt: instant.nullable().default(null),
    /** Short hashes of the filters that hold of it. */
    facets: z.array(z.string()).default([]),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byIdentity: { equal: ["id"] },
    countOfAccountByStatus: { equal: ["accountId", "status"], order: ["expiresAt", "asc"] },
    countOfAccountByType: { equal: ["accountId", "licenseType"] },
    countOfProductByStatus: { equal: ["productId", "status"], order: ["expiresAt", "asc"] },
    countOfProductByType: { equal: ["productId", "licenseType"] },
    byExpiryToTell: { order: ["tellExpiryAt", "asc"] },
    bySuspension: { order: ["suspendsAt", "asc"] },
    byRefiling: { equal: ["productId"], order: ["refileAt", "asc"] },
    allByRefiling: { order: ["refileAt", "asc"] },
    ofAccountByRefiling: { equal: ["accountId"], order: ["refileAt", "asc"] },
    byFacet: { contains: "facets", order: ["createdAt", "desc"] },
    byEndUser: { equal: ["endUserId"], order: ["createdAt", "desc"] },
  },
});

/** Whom an account made a license for. The id is derived from both. */
export const customers = collection({
  name: "customers",
  idField: "id",
  shape: { id: z.string(), accountId: z.string(), email: z.string(), createdAt: instant },
  queries: {},
});

/** A customer of an account who has licenses in its portal. */
export const endUsers = collection({
  name: "endUsers",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    email: z.string(),
    username: z.string().nullable(),
    /** What a search looks at: both names in lower case, the first 100 characters. */
    folded: z.string(),
    passwordHash: z.string().nullable(),
    bannedAt: instant.nullable(),
    tokenGeneration: count.default(0),
    /** Bounded: a full list is traded for the next generation. */
    blockedTokens: z.array(part({ id: z.uuid(), expireAt: instant })).default([]),
    /** Of the licenses it has, how many are of which product; a product with none is left out. */
    licenseCounts: z.record(z.string(), count),
    /** The products of which it has licenses. */
    productIds: z.array(z.uuid()),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    ofAccount: { equal: ["accountId"], substring: "folded", order: ["createdAt", "desc"] },
    ofProduct: { contains: "productIds", order: ["createdAt", "desc"] },
  },
});

/** A machine on a license; on a floating license it may hold a seat. The id is derived from both. */
export const activations = collection({
  name: "activations",
  idField: "id",
  shape: {
    id: z.string(),
    licenseId: z.uuid(),
    accountId: z.string(),
    productId: z.uuid().nullable().default(null),
    fingerprint: z.string(),
    hostname: z.string(),
    domain: z.string().nullable().default(null),
    address: z.string().nullable().default(null),
    firstSeen: instant,
    lastSeen: instant,
    countries: z.array(z.string()).default([]),
    lastCountry: z.string().nullable().default(null),
    addresses: sightings.default(nothing),
    /** Null while the machine holds no seat. */
    seatExpiresAt: instant.nullable(),
    /** Used where the license has no slots to count attempts against. */
    attempts: attempts.nullable(),
    /** Matches the license's `countEpoch` once its counter includes this activation. */
    countedIn: count.default(0),
    seatShard: count.default(0),
  },
  queries: {
    byLicense: { equal: ["licenseId"], order: ["firstSeen", "desc"] },
    seats: { order: ["seatExpiresAt", "asc"] },
    seatsOfLicense: { equal: ["licenseId"], order: ["seatExpiresAt", "asc"] },
    countOfAccount: { equal: ["accountId"], order: ["seatExpiresAt", "asc"] },
    countOfProduct: { equal: ["productId"], order: ["seatExpiresAt", "asc"] },
  },
});

/** A part of a large pool. The id is derived from the license and the number. */
export const seatShards = collection({
  name: "seatShards",
  idField: "id",
  shape: {
    id: z.string(),
    licenseId: z.uuid(),
    accountId: z.string(),
    number: count,
    epoch: count,
    limit: count,
    seats: count,
    used: count,
    attempts,
    turnedAway: sightings,
  },
  queries: {},
});

/** A WordPress site. The id is derived from account and address. */
export const sites = collection({
  name: "sites",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid().nullable(),
    productHandle: z.string().nullable(),
    identity: z.string(),
    siteUrl: z.string(),
    siteName: z.string().nullable(),
    adminEmail: z.string().nullable(),
    wpVersion: z.string().nullable(),
    phpVersion: z.string().nullable(),
    pluginVersion: z.string().nullable(),
    licenseId: z.uuid().nullable(),
    licenseKeyHash: z.string().nullable(),
    tokenHash: z.string().nullable(),
    status: z.enum(["active", "revoked"]),
    /** JSON text: Firestore has no lists in lists. */
    healthData: z.string().nullable(),
    healthAt: instant.nullable(),
    registeredAt: instant,
    lastHeartbeatAt: instant.nullable(),
    /** Bounded: those that wait, and the last that do not any more. */
    actions: z.array(
      part({
        id: z.uuid(),
        type: z.string(),
        payload: z.string(),
        createdAt: instant,
        acknowledgedAt: instant.nullable(),
      }),
    ),
    statusSeenAt: instant,
    updatedAt: instant,
  },
  queries: {
    newest: { order: ["registeredAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["registeredAt", "desc"] },
    byProduct: { equal: ["productId"], order: ["registeredAt", "desc"] },
    byLicense: { equal: ["licenseId"], order: ["registeredAt", "desc"] },
  },
});

/** Filed under the keyed hash of the secret. */
export const apiKeys = collection({
  name: "apiKeys",
  idField: "secretHash",
  shape: {
    secretHash: z.string(),
    id: z.uuid(),
    accountId: z.string(),
    name: z.string(),
    kind: z.enum(KEY_KINDS),
    /** With which its requests are signed; null for a kind that signs none. */
    secretSealed: z.string().nullable().default(null),
    /** The first characters of the secret, for people to tell keys apart. */
    prefix: z.string(),
    /** Null is every scope. */
    scopes: z.array(z.string()).nullable().default(null),
    /** Null is the whole account. */
    products: z
      .array(part({ id: z.uuid(), handle: z.string() }))
      .nullable()
      .default(null),
    /** Of a kind that opens exactly one product, that one. */
    productId: z.uuid().nullable().default(null),
    createdAt: instant,
    expiresAt: instant.nullable().default(null),
    /** To the hour. */
    lastUsedAt: instant.nullable().default(null),
    revokedAt: instant.nullable(),
  },
  queries: {
    byIdentity: { equal: ["id"] },
    newest: { order: ["createdAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["createdAt", "desc"] },
    byProduct: { equal: ["productId", "kind"], order: ["createdAt", "desc"] },
  },
});

/** The service's own keys: one document, read once per instance. */
export const keyrings = collection({
  name: "keyrings",
  idField: "id",
  shape: {
    id: z.literal("signing"),
    rootPublicKey: z.string(),
    /** Null when the root key is kept elsewhere. */
    rootPrivateKeySealed: z.string().nullable(),
    /** Newest first; the newest whose time has come signs. */
    keys: z
      .array(
        part({
          kid: z.string(),
          publicKey: z.string(),
          privateKeySealed: z.string(),
          rootSignature: z.string(),
          /** Null where it is the keyring's. */
          rootPublicKey: z.string().nullable().default(null),
          createdAt: instant,
          activeAt: instant.default(0),
        }),
      )
      .min(1),
  },
  queries: {},
});

/** What an administrator or an API key changed; written with the change. */
export const auditEntries = collection({
  name: "auditEntries",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    at: instant,
    actor: part({
      kind: z.enum(["administrator", "api-key", "payment", "user", "end-user"]),
      keyId: z.uuid().nullable(),
      userId: z.uuid().optional(),
    }),
    /** The same key, where a query can compare it. */
    actorKeyId: z.uuid().nullable().default(null),
    /** A verb of a record, such as `license.update`. */
    action: z.string(),
    /** The identity of what was changed; never a key. */
    targetId: z.string(),
    /** The fields that changed, as they were; null for what was made. */
    before: z.record(z.string(), z.unknown()).nullable(),
    /** The same fields, as they are now; null for what was deleted. */
    after: z.record(z.string(), z.unknown()).nullable(),
  },
  queries: {
    newest: { order: ["at", "desc"] },
    byAction: { equal: ["action"], order: ["at", "desc"] },
    byTarget: { equal: ["targetId"], order: ["at", "desc"] },
    byKey: { equal: ["actorKeyId"], order: ["at", "desc"] },
    byAccount: { equal: ["accountId"], order: ["at", "desc"] },
    byAccountAndAction: { equal: ["accountId", "action"], order: ["at", "desc"] },
    byAccountAndTarget: { equal: ["accountId", "targetId"], order: ["at", "desc"] },
    byAccountAndKey: { equal: ["accountId", "actorKeyId"], order: ["at", "desc"] },
  },
});

const usage = part({
  checks: count.default(0),
  denials: count.default(0),
  licensesCreated: count.default(0),
  licensesActivated: count.default(0),
  authorizations: count.default(0),
  refusals: count.default(0),
  reasons: z.record(z.string(), count).default({}),
  apiCalls: count.default(0),
});

/** What a tenant's clients asked on one day (UTC), over all products and for each. */
export const usageDays = collection({
  name: "usageDays",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    /** Null over all products. */
    productId: z.uuid().nullable(),
    /** Whole days since 1970. */
    day: count,
    ...usage.shape,
    hours: z.record(z.string(), usage).default({}),
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {},
});

const provider = z.enum(PROVIDERS);

const subscriber = part({
  userId: z.string().nullable(),
  planId: z.string().nullable(),
  boughtAt: instant.nullable().default(null),
});

const paymentEvent = part({
  kind: z.enum(PAYMENT_KINDS),
  references: z.array(z.string()).readonly(),
  claims: z.array(z.string()).readonly(),
  email: z.string().nullable(),
  buyer: z.string().nullable(),
  lines: z
    .array(
      part({
        productId: z.string().nullable(),
        variant: z.string().nullable(),
        sold: z.array(z.string()).readonly(),
        hint: part({ productId: z.string(), variant: z.string().nullable() }).nullable(),
        quantity: count,
        once: z.boolean().optional(),
      }),
    )
    .readonly(),
  subscription: z.boolean(),
  paidUntil: instant.nullable(),
  paidFrom: instant.nullable(),
  endedAt: instant.nullable().default(null),
  subscriber: subscriber.nullable().default(null),
  licenseType: licenseType.nullable(),
  maxMachines: limit.nullable(),
  durationDays: count.nullable(),
  trialDays: count.nullable(),
  discountCode: z.string().nullable(),
  licenseKey: z.string().nullable(),
  disputeId: z.string().nullable(),
  purchaseId: z.string().nullable(),
});

/** One sale of a payment provider. */
export const purchases = collection({
  name: "purchases",
  idField: "id",
  shape: {
    id: z.string(),
    provider,
    accountId: z.string().nullable(),
    references: z.array(z.string()),
    licenseIds: z.array(z.uuid()),
    outrightIds: z.array(z.uuid()).default([]),
    sale: paymentEvent.nullable(),
    waitingEvents: z.array(z.string()),
    provisional: z.boolean(),
    paidUntil: instant.nullable(),
    earlyRenewals: z.array(count.nullable()),
    earlyPeriods: z.array(part({ from: instant, days: count.nullable() })),
    reversal: z.enum(["refund", "chargeback"]).nullable(),
    wonDisputes: z.array(z.string()),
    mailDue: z.boolean().default(false),
    cancelledAt: instant.nullable(),
    endedAt: instant.nullable().default(null),
    subscriber: subscriber
      .extend({ sold: z.array(z.string()).readonly() })
      .nullable()
      .default(null),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {},
});

/** A name by which a provider's events speak of a purchase; the id is derived from it. */
export const purchaseReferences = collection({
  name: "purchaseReferences",
  idField: "id",
  shape: { id: z.string(), purchaseId: z.string(), createdAt: instant },
  queries: {},
});

/** What may count once, such as an invoice; the id is derived from it. */
export const paymentClaims = collection({
  name: "paymentClaims",
  idField: "id",
  shape: { id: z.string(), createdAt: instant },
  queries: {},
});

/** The address of a provider's customer; the id is derived from the provider's name for them. */
export const paymentContacts = collection({
  name: "paymentContacts",
  idField: "id",
  shape: { id: z.string(), email: z.string(), updatedAt: instant },
  queries: {},
});

/** A webhook that proved its origin. The id is derived from the provider's event id or the payload. */
export const inboundEvents = collection({
  name: "inboundEvents",
  idField: "id",
  shape: {
    id: z.string(),
    provider,
    /** Null while no product says whose it is. */
    accountId: z.string().nullable(),
    type: z.string(),
    providerEventId: z.string().nullable().default(null),
    status: z.enum(["done", "ignored", "waiting", "failed"]),
    /** Why it was ignored, waits or failed. */
    reason: z.string().nullable(),
    /** The buyer whose address it lacks. */
    waitsForBuyer: z.string().nullable(),
    licenseIds: z.array(z.uuid()),
    attempts: count,
    /** Kept until it is done, for another attempt. */
    payloadSealed: z.string().nullable(),
    /** Sealed JSON of the license keys it was answered with. */
    keysSealed: z.string().nullable(),
    receivedAt: instant,
    updatedAt: instant,
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {
    newest: { order: ["receivedAt", "desc"] },
    byStatus: { equal: ["status"], order: ["receivedAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["receivedAt", "desc"] },
    byAccountAndStatus: { equal: ["accountId", "status"], order: ["receivedAt", "desc"] },
    byBuyer: { equal: ["waitsForBuyer"], order: ["receivedAt", "asc"] },
  },
});

/** A newer version may know more types: what it left is handed on as it is, and holds up nobody's. */
const eventType = z.custom<EventType>((type) => typeof type === "string");
const eventData = z.record(z.string(), z.unknown());

/** What happened and no endpoint was given yet; written with the change that it tells of. */
export const outbox = collection({
  name: "outbox",
  idField: "id",
  shape: {
    id: z.uuid(),
    type: eventType,
    accountId: z.string(),
    productId: z.uuid().nullable(),
    licenseId: z.uuid().nullable(),
    data: eventData,
    occurredAt: instant,
  },
  queries: { oldest: { order: ["occurredAt", "asc"] } },
});

export const webhookEndpoints = collection({
  name: "webhookEndpoints",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid().nullable(),
    productHandle: z.string().nullable(),
    url: z.string(),
    description: z.string(),
    format: z.enum(FORMATS),
    events: z.array(z.string()),
    enabled: z.boolean(),
    disabledReason: z.string().nullable(),
    ordered: z.boolean(),
    secrets: z.array(part({ sealed: z.string(), endsAt: instant.nullable() })).min(1),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    newest: { order: ["createdAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["createdAt", "desc"] },
    byProductAndFormat: { equal: ["productId", "format"], order: ["createdAt", "desc"] },
    enabledOfAccount: { equal: ["accountId", "enabled"] },
  },
});

/** An event on its way to an endpoint. The id is derived from both. */
export const deliveries = collection({
  name: "deliveries",
  idField: "id",
  shape: {
    id: z.uuid(),
    endpointId: z.uuid(),
    accountId: z.string(),
    eventId: z.uuid(),
    type: eventType,
    name: z.string().optional(),
    productId: z.uuid().nullable(),
    licenseId: z.uuid().nullable(),
    data: eventData,
    occurredAt: instant,
    state: z.enum(["pending", "delivered", "failed"]),
    attempts: count,
    dueAt: instant.nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    lastDurationMs: count.nullable(),
    createdAt: instant,
    updatedAt: instant,
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {
    due: { order: ["dueAt", "asc"] },
    byEndpoint: { equal: ["endpointId"], order: ["createdAt", "desc"] },
    byEndpointAndState: { equal: ["endpointId", "state"], order: ["createdAt", "desc"] },
    pendingOfLicense: {
      equal: ["endpointId", "licenseId", "state"],
      order: ["occurredAt", "asc"],
    },
  },
});

/** What a request with an `Idempotency-Key` did and answered. */
export const idempotencyRecords = collection({
  name: "idempotencyRecords",
  idField: "id",
  shape: {
    id: z.string(),
    requestHash: z.string(),
    /** Sealed JSON of what the transaction returned; written with its changes. */
    outcomeSealed: z.string().nullable(),
    /** Sealed JSON of the answer; written after it was decided. */
    answerSealed: z.string().nullable(),
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {},
});

/** What a signed request is good for once by. The id is derived from key and nonce. */
export const nonces = collection({
  name: "nonces",
  idField: "id",
  shape: { id: z.string(), expireAt: instant },
  ttlField: "expireAt",
  queries: {},
});

/** What somebody with a number of requests a minute has had of it. */
export const rateBudgets = collection({
  name: "rateBudgets",
  idField: "id",
  shape: { id: z.string(), startedAt: instant, leased: count, expireAt: instant },
  ttlField: "expireAt",
  queries: {},
});

/**
 * Mails to buyers, under the name and with the fields that Firebase's Trigger Email extension expects.
 * They hold license keys in clear.
 */
export const mails = collection({
  name: "mail",
  idField: "id",
  shape: {
    id: z.string(),
    to: z.string(),
    /** Left out rather than null: the extension would refuse the document. */
    replyTo: z.string().optional(),
    message: part({ subject: z.string(), text: z.string(), html: z.string() }),
    accountId: z.string(),
    kind: z.string(),
    createdAt: instant,
    dueAt: instant,
    deliveredAt: instant.nullable(),
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: { due: { order: ["dueAt", "asc"] } },
});

/** What an account changed of a mail's words; null is the default. */
export const mailTemplates = collection({
  name: "mailTemplates",
  idField: "id",
  shape: {
    id: z.string(),
    accountId: z.string(),
    kind: z.enum(["license"]),
    subject: z.string().nullable(),
    text: z.string().nullable(),
    html: z.string().nullable(),
    replyTo: z.string().nullable(),
    enabled: z.boolean(),
    updatedAt: instant,
  },
  queries: {},
});

/** People of the dashboard, filed under the keyed hash of their address. */
export const users = collection({
  name: "users",
  idField: "emailHash",
  shape: {
    emailHash: z.string(),
    id: z.uuid(),
    email: z.string(),
    name: z.string().nullable(),
    passwordHash: z.string(),
    emailVerifiedAt: instant.nullable(),
    totp: part({
      secretSealed: z.string(),
      enabledAt: instant,
      lastStep: count,
      backupHashes: z.array(z.string()),
    }).nullable(),
    pendingTotpSealed: z.string().nullable(),
    activeAccountId: z.string().nullable(),
    sessions: z.array(z.uuid()),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {},
});

/** Logins; each has one refresh token that is good. */
export const userSessions = collection({
  name: "userSessions",
  idField: "id",
  shape: {
    id: z.uuid(),
    userId: z.uuid(),
    userHash: z.string(),
    tokenHash: z.string(),
    createdAt: instant,
    refreshedAt: instant,
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {},
});

/** Links in mails and challenges of logins, filed under the keyed hash of the token. */
export const userTokens = collection({
  name: "userTokens",
  idField: "id",
  shape: {
    id: z.string(),
    kind: z.enum(USER_TOKEN_KINDS),
    userId: z.uuid(),
    userHash: z.string(),
    stamp: z.string(),
    failures: count,
    createdAt: instant,
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {},
});

/** Failed logins of an address, filed under its keyed hash whether or not somebody has it. */
export const loginFailures = collection({
  name: "loginFailures",
  idField: "id",
  shape: { id: z.string(), count, lockedUntil: instant, expireAt: instant },
  ttlField: "expireAt",
  queries: {},
});

/** Mails about their accounts that addresses were sent, filed like failed logins. */
export const mailBudgets = collection({
  name: "mailBudgets",
  idField: "id",
  shape: { id: z.string(), startedAt: instant, count, expireAt: instant },
  ttlField: "expireAt",
  queries: {},
});

/** Who may do what in an account. The id is derived from the user and the organization. */
export const memberships = collection({
  name: "memberships",
  idField: "id",
  shape: {
    id: z.uuid(),
    userId: z.uuid(),
    userHash: z.string(),
    accountId: z.string(),
    email: z.string(),
    name: z.string().nullable(),
    role: z.enum(ROLES),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byUser: { equal: ["userId"], order: ["createdAt", "desc"] },
    byAccount: { equal: ["accountId"], order: ["createdAt", "desc"] },
  },
});

/** What one can subscribe to at the dashboard. */
export const plans = collection({
  name: "plans",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    name: z.string(),
    priceCents: count,
    interval: z.enum(INTERVALS),
    entitlements: z.array(z.string()),
    active: z.boolean(),
    providerIds: z.array(part({ provider, id: z.string() })),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: { byProduct: { equal: ["productId"], order: ["createdAt", "desc"] } },
});

/** Which plan a payment provider's id is; the id is derived from product, provider and id. */
export const planPaymentIds = collection({
  name: "planPaymentIds",
  idField: "id",
  shape: { id: z.string(), planId: z.uuid(), createdAt: instant },
  queries: {},
});

/** Who subscribed to what. The id is derived from the user and the product. */
export const subscriptions = collection({
  name: "subscriptions",
  idField: "id",
  shape: {
    id: z.uuid(),
    userId: z.uuid(),
    accountId: z.string(),
    productId: z.uuid(),
    planId: z.uuid(),
    interval: z.enum(INTERVALS),
    entitlements: z.array(z.string()),
    status: z.enum(SUBSCRIPTION_STATUSES),
    purchaseId: z.string().nullable(),
    startedAt: instant,
    currentPeriodStart: instant,
    currentPeriodEnd: instant,
    cancelAtPeriodEnd: z.boolean(),
    canceledAt: instant.nullable(),
    graceMs: count,
    dueAt: instant.nullable(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: {
    byUser: { equal: ["userId"], order: ["createdAt", "desc"] },
    due: { order: ["dueAt", "asc"] },
  },
});

/** Features that people have without subscribing; the id is derived from address, product and feature. */
export const entitlementGrants = collection({
  name: "entitlementGrants",
  idField: "id",
  shape: {
    id: z.string(),
    userHash: z.string(),
    accountId: z.string(),
    productId: z.uuid(),
    feature: z.string(),
    source: z.enum(GRANT_SOURCES),
    expiresAt: instant.nullable(),
    createdAt: instant,
    updatedAt: instant,
  },
  queries: { byUser: { equal: ["userHash"], order: ["createdAt", "desc"] } },
});

/** What lets addresses into accounts. The id is derived from both. */
export const invites = collection({
  name: "invites",
  idField: "id",
  shape: {
    id: z.uuid(),
    accountId: z.string(),
    email: z.string(),
    emailHash: z.string(),
    role: z.enum(ROLES),
    status: z.enum(INVITE_STATUSES),
    tokenHash: z.string(),
    invitedBy: z.uuid(),
    createdAt: instant,
    expiresAt: instant,
    expireAt: instant,
  },
  ttlField: "expireAt",
  queries: {
    byAccountAndStatus: { equal: ["accountId", "status"], order: ["expiresAt", "desc"] },
  },
});

/** Every collection there is; indexes and TTL policies follow from it. */
export const collections = [
  accounts,
  reservations,
  products,
  productRemovals,
  paymentIds,
  variants,
  codes,
  trialClaims,
  redemptionCodes,
  redemptionLog,
  blacklistEntries,
  appVariables,
  appVariableCounts,
  appVersions,
  appReleases,
  productFiles,
  fileUploads,
  fileSweeps,
  listPages,
  licenses,
  customers,
  endUsers,
  activations,
  seatShards,
  sites,
  apiKeys,
  keyrings,
  auditEntries,
  usageDays,
  purchases,
  purchaseReferences,
  paymentClaims,
  paymentContacts,
  inboundEvents,
  outbox,
  webhookEndpoints,
  deliveries,
  idempotencyRecords,
  nonces,
  rateBudgets,
  mails,
  mailTemplates,
  users,
  userSessions,
  userTokens,
  loginFailures,
  mailBudgets,
  memberships,
  invites,
  plans,
  planPaymentIds,
  subscriptions,
  entitlementGrants,
] as const;
