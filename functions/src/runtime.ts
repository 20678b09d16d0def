import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { write } from "firebase-functions/logger";
import {
  type Config,
  databasePath,
  readConfig,
  type SecretName,
  vaultOf,
  WEBHOOK_SECRETS,
} from "./config.ts";
import { accessTokenKeys } from "./crypto/access-tokens.ts";
import { createPasswords } from "./crypto/passwords.ts";
import type { Edge } from "./http/edge.ts";
import { createFailureLimiter } from "./http/failure-limiter.ts";
import { describe } from "./http/faults.ts";
import { createAccountPlans } from "./operations/accounts/account-plans.ts";
import { createSeatPools } from "./operations/activations/seat-pools.ts";
import { createUseNotes } from "./operations/api-keys/note-use.ts";
import type { AttemptDeps } from "./operations/events/attempt.ts";
import type { Deliverer } from "./operations/events/deliver.ts";
import { createSubscriptions } from "./operations/events/subscriptions.ts";
import { createPortals } from "./operations/portal/portals.ts";
import { createEnforcementLimits } from "./operations/products/enforcement-limits.ts";
import { createProductNames } from "./operations/products/product-names.ts";
import { createRateBudgets } from "./operations/rate-budgets/take-request.ts";
import { createKeyring } from "./operations/signing/keyring.ts";
import { createUsageCounters } from "./operations/stats/usage-counters.ts";
import type { Blobs } from "./store/blobs.ts";
import type { DocumentStore } from "./store/document-store.ts";

/** The secrets a deployed function is given by Secret Manager. */
export const boundSecrets = (more: readonly SecretName[] = []): SecretName[] => [
  "LOOKUP_PEPPER",
  "ENCRYPTION_KEYS",
  ...more,
];

let edge: Promise<Edge> | undefined;
let deliverer: Promise<Deliverer> | undefined;
let deliversItself = false;

/** The real world, built on the first request so that deploy-time discovery touches nothing. */
export function liveEdge(): Promise<Edge> {
  edge ??= buildEdge(readConfig(process.env)).catch((error) => {
    edge = undefined;
    throw error;
  });
  return edge;
}

async function buildEdge(config: Config): Promise<Edge> {
  const store = await openStore(config);
  const vault = vaultOf(config);
  const now = Date.now;
  const delivers = config.STORE === "sqlite" && config.LATCHKEY_ROLE !== "worker";
  if (delivers) await deliverMail(config, store);
  const built: Edge = {
    deps: {
      store,
      once: (body) => store.transaction(body),
      oncePart: () => (body) => store.transaction(body),
      blobs: lazyBlobs(config),
      now,
      newId: randomUUID,
      randomBytes,
      vault,
      keyring: createKeyring({ store, vault, now }),
      passwords: createPasswords(),
      accessTokenKeys: accessTokenKeys(vault, {
        access: config.JWT_ACCESS_SECRET,
        enduser: config.ENDUSER_JWT_SECRET,
      }),
      usage: createUsageCounters({
        store,
        now,
        policy: { everyEvents: 10_000, everyMs: 60_000 },
        // A process that is done does not wait for it.
        later: (run, ms) => setTimeout(run, ms).unref(),
        failed: (error) =>
          write({ severity: "WARNING", message: "usage counters", error: describe(error) }),
      }),
      enforcementLimits: createEnforcementLimits({ store, now }),
      seatPools: createSeatPools({ now }),
      planOf: createAccountPlans({ store, now }),
      portalOf: createPortals({ store, now }),
      productNameOf: createProductNames({ store, now }),
      subscribed: createSubscriptions({ store, now }),
      rateBudgets: createRateBudgets({ now }),
      caller: { address: "", network: "", country: null },
      aside: (work) => {
        work().catch((error: unknown) =>
          write({ severity: "WARNING", message: "work beside a run", error: describe(error) }),
        );
      },
      sendEvent: async (endpoint, message) => {
        const { sendEvent } = await import("./operations/events/attempt.ts");
        return sendEvent(await eventSender(built), endpoint, message);
      },
      settings: {
        seatTtlMs: config.FLOATING_SESSION_TTL_SECONDS * 1000,
        activationAttemptsPerHour: config.ACTIVATION_ATTEMPTS_PER_HOUR,
        seatShardsFrom: config.SEAT_SHARDS_FROM,
        allowLoopbackWebhooks: config.LOOPBACK_WEBHOOKS,
        codegateRequestsPerMinute: config.CODEGATE_REQUESTS_PER_MINUTE,
        geckoguardPerMinute: {
          address: config.GECKOGUARD_ADDRESS_PER_MINUTE,
          anonymous: config.GECKOGUARD_ANONYMOUS_PER_MINUTE,
          key: config.GECKOGUARD_KEY_PER_MINUTE,
          product: config.GECKOGUARD_PRODUCT_PER_MINUTE,
          licenseKey: config.GECKOGUARD_LICENSE_KEY_PER_MINUTE,
        },
        subscriptionsNeedPayment: config.SUBSCRIPTIONS_NEED_PAYMENT,
        dashboard: {
          url: config.DASHBOARD_URL ?? null,
          origins: config.DASHBOARD_ORIGINS,
          verifyEmails: config.VERIFY_EMAILS,
          openRegistration: config.REGISTRATION === "open",
          authPerAddress: config.AUTH_REQUESTS_PER_MINUTE,
          authPerEmail: config.AUTH_REQUESTS_PER_EMAIL,
        },
      },
    },
    adminSecret: config.ADMIN_SECRET,
    bootstrapToken: config.BOOTSTRAP_ADMIN_TOKEN,
    webhookCredentials: (provider) => ({
      secret: config[WEBHOOK_SECRETS[provider]],
      sellerId: provider === "gumroad" ? config.GUMROAD_SELLER_ID : "",
    }),
    failures: createFailureLimiter(config.FAILED_REQUESTS_PER_MINUTE, now),
    keyUses: createUseNotes({ store, now }),
    trustedProxies: config.TRUSTED_PROXIES,
    countryHeaders: config.COUNTRY_HEADERS,
    log: config.LATCHKEY_ROLE ? await batchedLog() : write,
  };
  if (delivers) await deliverEvents(built);
  return built;
}

/** What hands events to their endpoints; `undefined` where this process does so by itself. */
export async function liveDeliverer(): Promise<Deliverer | undefined> {
  const built = await liveEdge();
  if (deliversItself) return undefined;
  deliverer ??= buildDeliverer(built);
  return deliverer;
}

/** Loaded only by those who deliver: the sender would cost every cold start. */
async function buildDeliverer(edge: Edge): Promise<Deliverer> {
  const { createDeliverer } = await import("./operations/events/deliver.ts");
  return createDeliverer({
    ...(await eventSender(edge)),
    pause: (ms) => pause(ms, undefined, { ref: false }),
  });
}

async function eventSender({ deps }: Edge): Promise<AttemptDeps> {
  const { createPost } = await import("./events/send.ts");
  return {
    ...deps,
    post: createPost({ allowLoopback: deps.settings.allowLoopbackWebhooks }),
    chance: Math.random,
    failed: (error) => write({ severity: "WARNING", message: "events", error: describe(error) }),
  };
}

/** On one box, where many lines a second are written; Cloud Logging is given each as it comes. */
async function batchedLog() {
  const { createBatchedLog } = await import("./local/batched-log.ts");
  return createBatchedLog();
}

/** On one box, where no trigger watches the outbox. */
async function deliverEvents(edge: Edge) {
  const { keepDeliveringEvents } = await import("./local/deliver-events.ts");
  deliversItself = true;
  void keepDeliveringEvents(await buildDeliverer(edge), (error) =>
    write({ severity: "WARNING", message: "events", error: describe(error) }),
  );
}

/** On one box, where no extension watches the `mail` collection. */
async function deliverMail({ SMTP_URL, MAIL_FROM: from, DATA_DIR }: Config, store: DocumentStore) {
  const [{ keepDelivering }, { mailFiles, smtp }] = await Promise.all([
    import("./local/deliver-mail.ts"),
    import("./local/mail-transports.ts"),
  ]);
  void keepDelivering({
    store,
    now: Date.now,
    deliver: SMTP_URL
      ? smtp({ url: SMTP_URL, from })
      : mailFiles({ directory: join(DATA_DIR, "mail"), from }),
    failed: (error) => write({ severity: "WARNING", message: "mail", error: describe(error) }),
  });
}

/** Each engine is loaded only where it is used: the other would cost every cold start. */
async function openStore(config: Config): Promise<DocumentStore> {
  if (config.STORE === "sqlite") {
    const [{ openSqliteStore }, { collections }] = await Promise.all([
      import("./store/sqlite.ts"),
      import("./store/collections.ts"),
    ]);
    return openSqliteStore({
      path: databasePath(config.DATA_DIR),
      collections,
      synchronous: config.SQLITE_SYNCHRONOUS,
    });
  }
  const [{ getApps, initializeApp }, { getFirestore }, { firestoreStore }] = await Promise.all([
    import("firebase-admin/app"),
    import("firebase-admin/firestore"),
    import("./store/firestore.ts"),
  ]);
  if (getApps().length === 0) initializeApp();
  return firestoreStore(getFirestore());
}

/** Opened by those who touch a file: the client of Cloud Storage would cost every cold start. */
function lazyBlobs(config: Config): Blobs {
  let opened: Promise<Blobs> | undefined;
  const blobs = () => {
    opened ??= openBlobs(config).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    put: async (name, bytes) => (await blobs()).put(name, bytes),
    async *get(name, range) {
      yield* (await blobs()).get(name, range);
    },
    delete: async (name) => (await blobs()).delete(name),
    sizeOf: async (name) => (await blobs()).sizeOf(name),
    list: async (page) => (await blobs()).list(page),
    uploadLink: async (name, terms) => (await blobs()).uploadLink(name, terms),
  };
}

async function openBlobs({ FILES, FILES_BUCKET, DATA_DIR }: Config): Promise<Blobs> {
  if (FILES === "disk") {
    const { diskBlobs } = await import("./store/disk-blobs.ts");
    return diskBlobs({ directory: join(DATA_DIR, "files") });
  }
  const [{ getApps, initializeApp }, { getStorage }, { bucketBlobs }] = await Promise.all([
    import("firebase-admin/app"),
    import("firebase-admin/storage"),
    import("./store/bucket-blobs.ts"),
  ]);
  if (getApps().length === 0) initializeApp();
  return bucketBlobs(getStorage().bucket(FILES_BUCKET));
}
