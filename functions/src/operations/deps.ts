import type { Settings } from "../core/slots.ts";
import type { AccessTokenKeys } from "../crypto/access-tokens.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Vault } from "../crypto/vault.ts";
import type { Blobs } from "../store/blobs.ts";
import type { DocumentStore } from "../store/document-store.ts";
import type { PlanOf } from "./accounts/account-plans.ts";
import type { SeatPools } from "./activations/seat-pools.ts";
import type { Subscribed } from "./events/subscriptions.ts";
import type { PortalOf } from "./portal/portals.ts";
import type { EnforcementLimitsOf } from "./products/enforcement-limits.ts";
import type { ProductNameOf } from "./products/product-names.ts";
import type { RateBudgets } from "./rate-budgets/take-request.ts";
import type { Keyring } from "./signing/keyring.ts";
import type { UsageCounters } from "./stats/usage-counters.ts";
import type { SendEvent } from "./webhooks/send-event.ts";

/** Everything an operation may reach beyond its input. */
export type Deps = {
  readonly store: DocumentStore;
  /**
   * The transaction that makes the operation's change. Under an `Idempotency-Key` its accepted
   * outcome is kept with the change, and a retry is given that outcome instead of a second change.
   */
  readonly once: DocumentStore["transaction"];
  /** The same for a change that takes several transactions; each part has a name of its own in its request. */
  readonly oncePart: (part: string) => DocumentStore["transaction"];
  /** The bytes of files. */
  readonly blobs: Blobs;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A new UUID. */
  readonly newId: () => string;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly vault: Vault;
  readonly keyring: Keyring;
  readonly passwords: Passwords;
  readonly accessTokenKeys: AccessTokenKeys;
  readonly usage: UsageCounters;
  readonly enforcementLimits: EnforcementLimitsOf;
  readonly seatPools: SeatPools;
  readonly planOf: PlanOf;
  readonly portalOf: PortalOf;
  readonly productNameOf: ProductNameOf;
  readonly subscribed: Subscribed;
  readonly rateBudgets: RateBudgets;
  readonly settings: Settings;
  readonly sendEvent: SendEvent;
  /** Who asks, as the edge saw it; nobody for a schedule. */
  readonly caller: {
    /** As far as our own proxies can be trusted about it. */
    readonly address: string;
    /** The address, or the network that one customer has of IPv6. */
    readonly network: string;
    readonly country: string | null;
  };
  /** Work that the answer does not wait for; a fault of it is logged and changes no answer. */
  readonly aside: (work: () => Promise<unknown>) => void;
};
