import { join } from "node:path";
import * as z from "zod";
import type { Provider } from "./core/payments.ts";
import { createVault, parseEncryptionKeys, type Vault } from "./crypto/vault.ts";

const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(error).int(error).min(min, error).max(max, error);
};
const seconds = (fallback: number) => whole(1, 86_400_000).default(fallback);
const count = (fallback: number) => whole(0, 1_000_000_000).default(fallback);

const encryptionKeys = z.string("is missing").transform((text, context) => {
  try {
    return parseEncryptionKeys(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

// Secret Manager keeps the line end that comes with a secret from a pipe.
const secret = z.string().trim().default("");

const tokenSecret = z.string().trim().min(32, "must have at least 32 characters").optional();

const ADDRESS_FORM = /^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/;

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const environment = z.object({
  STORE: z.enum(["sqlite", "firestore"]).optional(),
  DATA_DIR: z.string().min(1).default(".latchkey"),
  SQLITE_SYNCHRONOUS: z.enum(["FULL", "NORMAL"]).default("FULL"),
  ADMIN_SECRET: secret,
  WEBHOOK_SECRET: secret,
  STRIPE_WEBHOOK_SECRET: secret,
  GUMROAD_WEBHOOK_SECRET: secret,
  GUMROAD_SELLER_ID: z.string().trim().default(""),
  LEMON_SQUEEZY_WEBHOOK_SECRET: secret,
  PADDLE_WEBHOOK_SECRET: secret,
  POLAR_WEBHOOK_SECRET: secret,
  LOOKUP_PEPPER: z
    .string("is missing; it must be 64 hex digits")
    .trim()
    .regex(/^[0-9a-f]{64}$/i, "must be 64 hex digits"),
  ENCRYPTION_KEYS: encryptionKeys,
  FLOATING_SESSION_TTL_SECONDS: seconds(900),
  ACTIVATION_ATTEMPTS_PER_HOUR: count(15),
  SEAT_SHARDS_FROM: whole(0, 1_000_000_000).optional(),
  FAILED_REQUESTS_PER_MINUTE: count(300),
  CODEGATE_REQUESTS_PER_MINUTE: count(60),
  GECKOGUARD_ADDRESS_PER_MINUTE: count(120),
  GECKOGUARD_ANONYMOUS_PER_MINUTE: count(60),
  GECKOGUARD_KEY_PER_MINUTE: count(600),
  GECKOGUARD_PRODUCT_PER_MINUTE: count(1200),
  GECKOGUARD_LICENSE_KEY_PER_MINUTE: count(20),
  BOOTSTRAP_ADMIN_TOKEN: secret,
  COUNTRY_HEADERS: z
    .string()
    .default("cf-ipcountry,cloudfront-viewer-country,x-appengine-country,x-country-code")
    .transform((names) =>
      names
        .toLowerCase()
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && name !== "none"),
    ),
  /** Left out when deployed, the project's own bucket. */
  FILES_BUCKET: z
    .string()
    .trim()
    .regex(/^[a-z0-9][\w.-]*[a-z0-9]$/, "must be the name of a bucket, without gs://")
    .optional(),
  DASHBOARD_URL: z
    .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  DASHBOARD_ORIGINS: z
    .string()
    .transform((origins) =>
      origins
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine(
      (origins) => origins.every(isOrigin),
      "must be origins such as https://dashboard.example.com, separated by commas",
    )
    .optional(),
  VERIFY_EMAILS: z.stringbool().optional(),
  SUBSCRIPTIONS_NEED_PAYMENT: z.stringbool().default(false),
  REGISTRATION: z.enum(["open", "invited"]).default("open"),
  AUTH_REQUESTS_PER_MINUTE: count(10),
  AUTH_REQUESTS_PER_EMAIL: count(5),
  JWT_ACCESS_SECRET: tokenSecret,
  ENDUSER_JWT_SECRET: tokenSecret,
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: "must be an smtp:// or smtps:// URL" })
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(ADDRESS_FORM, "must be an address, or a name and an <address>")
    .default("Latchkey <latchkey@localhost>"),
  LOOPBACK_WEBHOOKS: z.stringbool().optional(),
  // Set by the local server itself: a worker leaves mails and events to the process that started it.
  LATCHKEY_ROLE: z.enum(["whole", "worker"]).optional(),
  TRUSTED_PROXIES: whole(0, 10).optional(),
});

/** Which secret proves that a webhook comes from its provider. */
export const WEBHOOK_SECRETS = {
  native: "WEBHOOK_SECRET",
  stripe: "STRIPE_WEBHOOK_SECRET",
  gumroad: "GUMROAD_WEBHOOK_SECRET",
  lemonSqueezy: "LEMON_SQUEEZY_WEBHOOK_SECRET",
  paddle: "PADDLE_WEBHOOK_SECRET",
  polar: "POLAR_WEBHOOK_SECRET",
} as const satisfies Record<Provider, keyof z.output<typeof environment>>;

export type SecretName =
  | "ADMIN_SECRET"
  | "LOOKUP_PEPPER"
  | "ENCRYPTION_KEYS"
  | (typeof WEBHOOK_SECRETS)[Provider];

/** The service's settings, from environment variables. */
export type Config = z.output<typeof environment> & {
  readonly STORE: "sqlite" | "firestore";
  readonly SEAT_SHARDS_FROM: number;
  readonly LOOPBACK_WEBHOOKS: boolean;
  /** Where the bytes of files are kept. */
  readonly FILES: "disk" | "bucket";
  readonly VERIFY_EMAILS: boolean;
  readonly DASHBOARD_ORIGINS: readonly string[];
  readonly TRUSTED_PROXIES: number;
};

/** The file of one box. */
export const databasePath = (dataDir: string): string => join(dataDir, "latchkey.sqlite");

export const vaultOf = (config: Pick<Config, "LOOKUP_PEPPER" | "ENCRYPTION_KEYS">): Vault =>
  createVault({
    pepper: Buffer.from(config.LOOKUP_PEPPER, "hex"),
    encryption: config.ENCRYPTION_KEYS,
  });

/** Throws an error that names the variable when one is missing or wrong. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim()));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const problems = new Set(
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    );
    throw new Error(`The configuration is not valid. ${[...problems].join("; ")}`);
  }
  // Cloud Run says so; the functions emulator imitates it but has no Firestore of its own.
  const deployed = Boolean(variables["K_SERVICE"]) && !variables["FUNCTIONS_EMULATOR"];
  const store = parsed.data.STORE ?? (deployed ? "firestore" : "sqlite");
  const trustedProxies = parsed.data.TRUSTED_PROXIES ?? (deployed ? 1 : 0);
  return {
    ...parsed.data,
    STORE: store,
    SEAT_SHARDS_FROM: parsed.data.SEAT_SHARDS_FROM ?? SHARDS_FROM[store],
    // Behind a proxy strangers may be members, and what listens on this machine alone trusts who asks.
    LOOPBACK_WEBHOOKS: parsed.data.LOOPBACK_WEBHOOKS ?? (!deployed && trustedProxies === 0),
    FILES: deployed || parsed.data.FILES_BUCKET !== undefined ? "bucket" : "disk",
    // A box without SMTP_URL writes mails to files, which nobody new can read.
    VERIFY_EMAILS: parsed.data.VERIFY_EMAILS ?? (deployed || parsed.data.SMTP_URL !== undefined),
    DASHBOARD_ORIGINS: parsed.data.DASHBOARD_ORIGINS ?? ownOrigin(parsed.data.DASHBOARD_URL),
    TRUSTED_PROXIES: trustedProxies,
  };
}

/**
 * A document of Firestore takes about one write a second for long (docs/performance.md), and a pool of 500 that fills
 * within ten minutes comes near it. SQLite has one writer for all documents, so there shards only cost.
 */
const SHARDS_FROM = { firestore: 500, sqlite: 0 };

const ownOrigin = (url: string | undefined): string[] =>
  url === undefined ? [] : [new URL(url).origin];
