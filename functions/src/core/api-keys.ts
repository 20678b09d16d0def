/** What an API key may be limited to; a key without a list may do all of it. */
export const SCOPES = [
  "licenses:read",
  "licenses:write",
  "products:read",
  "products:write",
  "codes:read",
  "codes:write",
  "payments:read",
  "payments:write",
  "keys:read",
  "audit:read",
  "stats:read",
  "webhooks:read",
  "webhooks:write",
  "sites:read",
  "sites:write",
  "settings:read",
  "settings:write",
] as const;

export type Scope = (typeof SCOPES)[number];

/** The same for a key of the ProxGate dialect. */
export const PROXGATE_SCOPES = [
  "licenses:activate",
  "licenses:validate",
  "licenses:deactivate",
  "wordpress:write",
] as const;

export type ProxgateScope = (typeof PROXGATE_SCOPES)[number];

/** The same for a key of the GeckoGuard dialect. */
export const GECKOGUARD_SCOPES = [
  "license:authorize",
  "license:read",
  "license:create",
  "license:update",
  "license:delete",
  "license:revoke",
  "license:unrevoke",
  "license:reset_hwid",
  "license:reset_ip",
  "blacklist:read",
  "blacklist:write",
  "end_user:read",
  "analytics:read",
  "version:read",
  "file:download",
  "variable:read",
] as const;

export type GeckoguardScope = (typeof GECKOGUARD_SCOPES)[number];

/** Names that stand for several scopes. */
export const GECKOGUARD_ALIASES = {
  "license:write": ["license:create", "license:update"],
} as const satisfies Record<string, readonly GeckoguardScope[]>;

type GeckoguardAlias = keyof typeof GECKOGUARD_ALIASES;

const isAlias = (name: string): name is GeckoguardAlias => name in GECKOGUARD_ALIASES;

/** Every scope that is meant, once. */
export const geckoguardScopes = (
  names: readonly (GeckoguardScope | GeckoguardAlias)[],
): GeckoguardScope[] => [
  ...new Set(names.flatMap((name) => (isAlias(name) ? GECKOGUARD_ALIASES[name] : [name]))),
];

export type AnyScope = Scope | ProxgateScope | GeckoguardScope;

/** What of us a key opens: the native functions, or one dialect. */
export const KEY_KINDS = ["native", "codegate", "proxgate", "geckoguard"] as const;

export type KeyKind = (typeof KEY_KINDS)[number];

export type ApiKey = {
  /** The document id: changes with the secret. */
  secretHash: string;
  /** The identity: outlives the secret. */
  id: string;
  accountId: string;
  name: string;
  kind: KeyKind;
  /** With which its requests are signed; null for a kind that signs none. */
  secretSealed: string | null;
  prefix: string;
  /** Null is every scope. A newer version may have written one that is not known here. */
  scopes: string[] | null;
  /** Null is the whole account. */
  products: { id: string; handle: string }[] | null;
  /** Of a kind that opens exactly one product, that one. */
  productId: string | null;
  createdAt: number;
  expiresAt: number | null;
  /** The last use of the secret it has now, to the hour. */
  lastUsedAt: number | null;
  revokedAt: number | null;
};

export const isActive = (key: Pick<ApiKey, "revokedAt" | "expiresAt">, now: number): boolean =>
  key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);

const HOUR_MS = 3_600_000;

/** Whether a use at `now` is worth a write. */
export const isUseDue = (lastUsedAt: number | null, now: number): boolean =>
  lastUsedAt === null || now - lastUsedAt >= HOUR_MS;
