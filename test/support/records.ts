import type { Activation, License, Variant } from "../../functions/src/core/records.ts";
import type { RedemptionCode } from "../../functions/src/core/redemption-codes.ts";
import type { Site, SiteAction } from "../../functions/src/core/sites.ts";
import type { Settings } from "../../functions/src/core/slots.ts";
import { type Caller, NOTHING_WATCHED } from "../../functions/src/core/watch.ts";
import type { Delivery } from "../../functions/src/core/webhooks.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const NOW = Date.parse("2026-11-20T09:00:00Z");

export const PRODUCT_ID = "5f0c2c1e-0a1b-4c3d-8e5f-00000000000a";
export const OTHER_PRODUCT_ID = "5f0c2c1e-0a1b-4c3d-8e5f-00000000000b";
const LICENSE_ID = "5f0c2c1e-0a1b-4c3d-8e5f-000000000001";

export const settings: Settings = {
  seatTtlMs: 15 * MINUTE,
  activationAttemptsPerHour: 15,
  seatShardsFrom: 500,
  codegateRequestsPerMinute: 60,
  geckoguardPerMinute: { address: 120, anonymous: 60, key: 600, product: 1200, licenseKey: 20 },
  allowLoopbackWebhooks: true,
  subscriptionsNeedPayment: false,
  dashboard: {
    url: null,
    origins: ["https://dashboard.example.com"],
    verifyEmails: false,
    openRegistration: true,
    authPerAddress: 0,
    authPerEmail: 0,
  },
};

/** Where the machines of these records call from, unless a test moves them. */
export const caller: Caller = { country: null, addressHash: "home" };

/** An active, perpetual license of `prod_tools` for two machines, none of them in use. */
export const license = (changes: Partial<License> = {}): License => ({
  keyHash: "key-hash",
  id: LICENSE_ID,
  keySealed: "1.sealed",
  accountId: "studio-one",
  productId: PRODUCT_ID,
  productHandle: "prod_tools",
  unlockedProducts: [],
  email: "artist@example.com",
  variant: "indie",
  licenseType: "per-machine",
  status: "active",
  threatLevel: 0,
  maxMachines: 2,
  maxConcurrent: null,
  machinesUsed: 0,
  seatsUsed: 0,
  countEpoch: 0,
  countAhead: false,
  seatShards: 0,
  attempts: { startedAt: 0, count: 0 },
  watch: NOTHING_WATCHED,
  violations: [],
  suspendsAt: null,
  standingChangedAt: null,
  statusBeforeRules: null,
  expiresAt: null,
  tellExpiryAt: null,
  graceMs: 0,
  purchasedAt: null,
  discountCode: null,
  purchaseId: null,
  bundleId: null,
  disputeReason: null,
  disputedAt: null,
  expiresAfterDays: null,
  fixedExpiresAt: null,
  activatedAt: null,
  policyOverride: null,
  slotsByPolicy: false,
  authorization: null,
  endUserId: null,
  ownerName: null,
  planId: null,
  note: null,
  refileAt: null,
  facets: [],
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});

/** The machine `a` on that license, without a seat. */
export const activation = (changes: Partial<Activation> = {}): Activation => ({
  id: "activation-a",
  licenseId: LICENSE_ID,
  accountId: "studio-one",
  productId: PRODUCT_ID,
  fingerprint: "fp-a",
  hostname: "host-a",
  domain: null,
  address: null,
  firstSeen: NOW,
  lastSeen: NOW,
  countries: [],
  lastCountry: null,
  addresses: { startedAt: NOW, seen: ["home"] },
  seatExpiresAt: null,
  attempts: null,
  countedIn: 0,
  seatShard: 0,
  ...changes,
});

/** A tier that leaves every term to the defaults. */
export const variant = (changes: Partial<Variant> = {}): Variant => ({
  id: "variant-pro",
  productId: PRODUCT_ID,
  accountId: "studio-one",
  name: "pro",
  label: "Pro",
  licenseType: null,
  maxMachines: null,
  maxConcurrent: null,
  durationDays: null,
  active: true,
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});

/** A delivery of `license.revoked` that waits for its second attempt. */
export const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  id: "5f0c2c1e-0a1b-4c3d-8e5f-0000000000d1",
  endpointId: "5f0c2c1e-0a1b-4c3d-8e5f-0000000000e1",
  accountId: "studio-one",
  eventId: "5f0c2c1e-0a1b-4c3d-8e5f-0000000000f1",
  type: "license.revoked",
  productId: PRODUCT_ID,
  licenseId: LICENSE_ID,
  data: { licenseId: LICENSE_ID },
  occurredAt: NOW,
  state: "pending",
  attempts: 1,
  dueAt: NOW + HOUR,
  lastStatus: 500,
  lastError: "answered 500",
  lastDurationMs: 12,
  createdAt: NOW,
  updatedAt: NOW,
  expireAt: NOW + 30 * DAY,
  ...changes,
});

/** A site that has just registered, without a license. */
export const site = (changes: Partial<Site> = {}): Site => ({
  id: "f2a1c9d4-5b6e-8f70-9a1b-2c3d4e5f6a7b",
  accountId: "studio-one",
  productId: null,
  productHandle: null,
  identity: "example.com",
  siteUrl: "https://example.com",
  siteName: null,
  adminEmail: null,
  wpVersion: null,
  phpVersion: null,
  pluginVersion: null,
  licenseId: null,
  licenseKeyHash: null,
  tokenHash: "token-hash",
  status: "active",
  healthData: null,
  healthAt: null,
  registeredAt: NOW,
  lastHeartbeatAt: null,
  actions: [],
  statusSeenAt: 0,
  updatedAt: NOW,
  ...changes,
});

/** A notice that waits for a site. */
export const siteAction = (changes: Partial<SiteAction> = {}): SiteAction => ({
  id: "0b8f6a52-4c3d-4e2f-8a1b-9c0d1e2f3a4b",
  type: "SHOW_NOTICE",
  payload: "{}",
  createdAt: NOW,
  acknowledgedAt: null,
  ...changes,
});

/** An unused code that never ends. */
export const redemptionCode = (changes: Partial<RedemptionCode> = {}): RedemptionCode => ({
  id: "660e8400-e29b-81d4-a716-446655440001",
  productId: PRODUCT_ID,
  accountId: "studio-one",
  text: "ABC12345",
  folded: "abc12345",
  state: "unused",
  expiresAt: null,
  endsLatest: 8_640_000_000_000_000,
  endsEarliest: 0,
  usedAt: null,
  usedBy: null,
  batchId: "batch-1",
  proofs: [],
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});
