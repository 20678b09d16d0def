import type { Provider } from "../core/payments.ts";
import type { UseNotes } from "../operations/api-keys/note-use.ts";
import type { Deps } from "../operations/deps.ts";
import type { FailureLimiter } from "./failure-limiter.ts";
import type { WebhookCredentials } from "./request.ts";

export type LogEntry = {
  readonly severity: "INFO" | "WARNING" | "ERROR";
  readonly message: string;
  readonly [field: string]: unknown;
};

/** What the edge needs of the world besides what operations need. */
export type Edge = {
  readonly deps: Deps;
  readonly adminSecret: string;
  /** With which anybody may make a first product and key through GeckoGuard's paths; empty is nobody. */
  readonly bootstrapToken: string;
  readonly webhookCredentials: (provider: Provider) => WebhookCredentials;
  readonly failures: FailureLimiter;
  /** Keeps when API keys were last used. */
  readonly keyUses: UseNotes;
  /** How many proxies in front of us append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Headers in which a proxy says the caller's country, lower-case. */
  readonly countryHeaders: readonly string[];
  readonly log: (entry: LogEntry) => void;
};
