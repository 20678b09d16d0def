import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RefusalCode } from "../../functions/src/core/decision.ts";
import type { Settings } from "../../functions/src/core/slots.ts";
import { accessTokenKeys } from "../../functions/src/crypto/access-tokens.ts";
import { createPasswords } from "../../functions/src/crypto/passwords.ts";
import { generatePair, keyId, rootSign } from "../../functions/src/crypto/signing-keys.ts";
import { createVault } from "../../functions/src/crypto/vault.ts";
import type { Edge, LogEntry } from "../../functions/src/http/edge.ts";
import type { AnyEndpointSpec } from "../../functions/src/http/endpoint.ts";
import { createFailureLimiter } from "../../functions/src/http/failure-limiter.ts";
import { nativeRefusals } from "../../functions/src/http/native-surface.ts";
import { type Router, serveRouter } from "../../functions/src/http/router.ts";
import { serve } from "../../functions/src/http/serve.ts";
import * as deployed from "../../functions/src/index.ts";
import { createHost, type Handler } from "../../functions/src/local/host.ts";
import { createAccountPlans } from "../../functions/src/operations/accounts/account-plans.ts";
import { createSeatPools } from "../../functions/src/operations/activations/seat-pools.ts";
import { createUseNotes } from "../../functions/src/operations/api-keys/note-use.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { createSubscriptions } from "../../functions/src/operations/events/subscriptions.ts";
import { createPortals } from "../../functions/src/operations/portal/portals.ts";
import { createEnforcementLimits } from "../../functions/src/operations/products/enforcement-limits.ts";
import { createProductNames } from "../../functions/src/operations/products/product-names.ts";
import { createRateBudgets } from "../../functions/src/operations/rate-budgets/take-request.ts";
import { createKeyring } from "../../functions/src/operations/signing/keyring.ts";
import {
  createUsageCounters,
  type FlushPolicy,
} from "../../functions/src/operations/stats/usage-counters.ts";
import { collections, keyrings } from "../../functions/src/store/collections.ts";
import { diskBlobs } from "../../functions/src/store/disk-blobs.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { NOW, settings } from "./records.ts";

export { DAY, HOUR, MINUTE, NOW } from "./records.ts";

export const ADMIN_SECRET = "test-admin-secret";

export type Json = Record<string, unknown>;
export type Reply = { status: number; body: Json; headers: Headers };
export type CallOptions = {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as it is instead of the JSON of the body. */
  raw?: string | Uint8Array<ArrayBuffer>;
  query?: Record<string, string>;
};

/** Every exported HTTPS function, by its deployed name. */
export const endpoints: ReadonlyMap<string, AnyEndpointSpec> = new Map(
  Object.entries(deployed).flatMap(([name, exported]) =>
    "spec" in exported ? [[name, exported.spec] as const] : [],
  ),
);

/** Every function that has many paths, by its deployed name. */
export const routers: ReadonlyMap<string, Router> = new Map(
  Object.entries(deployed).flatMap(([name, exported]) =>
    "router" in exported ? [[name, exported.router] as const] : [],
  ),
);

/** The whole service over one store, with a clock that only tests move. */
export type World = {
  readonly url: string;
  readonly store: DocumentStore;
  readonly deps: Deps;
  readonly logs: LogEntry[];
  readonly clock: { now: () => number; advance: (ms: number) => void };
  readonly call: (name: string, body?: unknown, options?: CallOptions) => Promise<Reply>;
  /** The same with the admin secret; fails the test unless the answer is 200. */
  readonly admin: (name: string, body: Json) => Promise<Json>;
  /** A product with the handle `prod_tools`, or another, and a license of it. */
  readonly license: (terms?: Json) => Promise<string>;
  /** Documents touched by the last request. */
  readonly touched: () => { reads: number; writes: number; aggregates: number };
  /** The functions that have many paths, for tests that put them behind another address. */
  readonly routed: ReadonlyMap<string, Handler>;
  /** Waits for what the edge does beside its answers. */
  readonly settled: () => Promise<unknown>;
  readonly close: () => Promise<void>;
};

let openStore = (): DocumentStore => openSqliteStore({ path: ":memory:", collections });

/** Worlds of the calling file that name no store run on this one from now on. */
export const runOn = (open: () => DocumentStore): void => {
  openStore = open;
};

export async function openWorld(
  options: {
    store?: DocumentStore;
    settings?: Partial<Settings>;
    flush?: FlushPolicy;
    bootstrapToken?: string;
    /** In place of those of that name. */
    routers?: readonly Router[];
  } = {},
): Promise<World> {
  const store = options.store ?? openStore();
  let time = NOW;
  let drawn = 0;
  const draw = () => createHash("sha256").update(`draw ${++drawn}`).digest();
  const now = () => time;
  const vault = createVault({
    pepper: Buffer.alloc(32, 1),
    encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
  });
  await seedKeyring(store, vault.seal);
  const filesDirectory = join(tmpdir(), `latchkey-files-${randomUUID()}`);
  const logs: LogEntry[] = [];
  const edge: Edge = {
    deps: {
      store,
      once: (body) => store.transaction(body),
      oncePart: () => (body) => store.transaction(body),
      blobs: diskBlobs({ directory: filesDirectory }),
      now,
      newId: () => uuidOf(draw()),
      randomBytes: (size) =>
        Buffer.concat(Array.from({ length: Math.ceil(size / 32) }, draw)).subarray(0, size),
      vault,
      keyring: createKeyring({ store, vault, now }),
      // The real cost is tried in test/crypto; here it would only take its time.
      passwords: createPasswords({ cost: { logCost: 4, blockSize: 1, lanes: 1 } }),
      accessTokenKeys: accessTokenKeys(vault),
      usage: createUsageCounters({
        store,
        now,
        // Unless a test asks for it nothing is written beside the requests.
        policy: options.flush,
        later: () => undefined,
        failed: (error) => {
          throw error;
        },
      }),
      enforcementLimits: createEnforcementLimits({ store, now }),
      seatPools: createSeatPools({ now }),
      planOf: createAccountPlans({ store, now }),
      portalOf: createPortals({ store, now }),
      productNameOf: createProductNames({ store, now }),
      subscribed: createSubscriptions({ store, now }),
      rateBudgets: createRateBudgets({ now }),
      caller: { address: "", network: "", country: null },
      aside: (work) => void work(),
      // Nothing leaves the test; one that watches what is sent puts its own in place.
      sendEvent: async () => ({ delivered: true, status: 200, error: null, durationMs: 1 }),
      settings: { ...settings, ...options.settings },
    },
    adminSecret: ADMIN_SECRET,
    bootstrapToken: options.bootstrapToken ?? "",
    webhookCredentials: (provider) => ({ secret: `test-${provider}-secret`, sellerId: "" }),
    failures: createFailureLimiter(300, now),
    keyUses: createUseNotes({ store, now }),
    trustedProxies: 1,
    countryHeaders: ["x-country-code"],
    log: (entry) => logs.push(entry),
  };
  // An answer may be heard before what the edge does beside it is done.
  const serving = new Set<Promise<void>>();
  const watched =
    (run: (...exchange: Parameters<Handler>) => Promise<void>): Handler =>
    (req, res) => {
      const served = run(req, res).finally(() => serving.delete(served));
      serving.add(served);
    };
  const handlers = new Map(
    [...endpoints].map(([name, spec]) => [
      name,
      watched((req, res) => serve(spec, edge, req, res)),
    ]),
  );
  const routed = new Map(
    [...routers.values(), ...(options.routers ?? [])].map((router) => [
      router.name,
      watched((req, res) => serveRouter(router, edge, req, res)),
    ]),
  );
  const server = createHost(handlers, routed);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call: World["call"] = async (name, body, more) => {
    const reply = await send(url, name, body, more);
    await Promise.all(serving);
    const code = reply.body["code"] as RefusalCode;
    // What OpenAPI says of a function's refusals is checked wherever a test meets one.
    if (code in nativeRefusals && !endpoints.get(name)?.refusals.includes(code)) {
      throw new Error(`${name} does not declare ${code}`);
    }
    return reply;
  };
  const admin: World["admin"] = async (name, body) => {
    const reply = await call(name, body, { headers: { "x-admin-secret": ADMIN_SECRET } });
    if (reply.status !== 200) throw new Error(`${name}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  return {
    url,
    store,
    deps: edge.deps,
    logs,
    clock: {
      now,
      advance: (ms) => {
        time += ms;
      },
    },
    call,
    admin,
    license: async (terms = {}) => {
      const productId = String(terms["productId"] ?? "prod_tools");
      await call(
        "createProduct",
        { name: productId, productId },
        { headers: { "x-admin-secret": ADMIN_SECRET } },
      );
      const made = await admin("createLicense", { email: "a@example.com", productId, ...terms });
      return String(made["licenseKey"]);
    },
    touched: () => {
      const { reads, writes, aggregates } = logs.at(-1) as unknown as ReturnType<World["touched"]>;
      return { reads, writes, aggregates };
    },
    routed,
    settled: () => Promise.all(serving),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await store.close();
      await rm(filesDirectory, { recursive: true, force: true });
    },
  };
}

/** One request to a running server. */
export async function send(
  url: string,
  name: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<Reply> {
  const query = options.query ? `?${new URLSearchParams(options.query)}` : "";
  const payload = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${url}/${name}${query}`, {
    method: options.method ?? "POST",
    headers: { "content-type": "application/json", ...options.headers },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("application/json");
  return {
    status: response.status,
    body: text && json ? (JSON.parse(text) as Json) : {},
    headers: response.headers,
  };
}

/** What a machine named `name` sends to activate. */
export const machine = (licenseKey: string, name: string, productId = "prod_tools") => ({
  licenseKey,
  machineFingerprint: `fp-${name}`,
  hostname: `host-${name}`,
  productId,
});

let pairs: Promise<Awaited<ReturnType<typeof generatePair>>[]> | undefined;

/** Drawing RSA keys is slow: the worlds of one test file share theirs. */
async function seedKeyring(
  store: DocumentStore,
  seal: (purpose: "signing-key", text: string) => string,
) {
  pairs ??= Promise.all([generatePair(), generatePair()]);
  const [root, signing] = await pairs;
  if (!root || !signing) throw new Error("no keys");
  await store.commit([
    {
      kind: "set",
      collection: keyrings,
      record: {
        id: "signing",
        rootPublicKey: root.publicKey,
        rootPrivateKeySealed: seal("signing-key", root.privateKey),
        keys: [
          {
            kid: await keyId(signing.publicKey),
            publicKey: signing.publicKey,
            privateKeySealed: seal("signing-key", signing.privateKey),
            rootSignature: rootSign(root.privateKey, signing.publicKey),
            createdAt: NOW,
          },
        ],
      },
    },
  ]);
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
