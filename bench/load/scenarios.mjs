import { createHash, createHmac } from "node:crypto";
import { adminHeaders } from "./server.mjs";

const LICENSES = 1_000;
const ACCOUNTS = 100;
const CODES = 100_000;
const PAGE = 100;
const ROOMY = 1_000_000;
/** A request that no measurement comes to. */
const PROBE = 1_000_000_000;
/** What stays free of a pool: more than callers, so that none is turned away. */
const FREE_SHARE = 1 / 3;
export const PRODUCT = "prod_tools";

const pick = (values, n) => values[n % values.length];
const fingerprint = (n) => createHash("sha256").update(`machine ${n}`).digest("hex");
const post = (path, body, more = {}) => ({
  method: "POST",
  path: `/${path}`,
  headers: { "content-type": "application/json" },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  ...more,
});

/** One request after another, each its own: `make` is asked for the nth. */
function varied(path, make) {
  let n = 0;
  return [
    post(path, undefined, {
      setupRequest: (request) => {
        const { body, headers = {}, raw = JSON.stringify(body) } = make(n++);
        return { ...request, body: raw, headers: { ...request.headers, ...headers } };
      },
    }),
  ];
}

const licensesOf = (seeder, terms = {}) => seeder.licenses(LICENSES, () => terms);

const machineOf = (licenseKey, n) => ({
  licenseKey,
  machineFingerprint: fingerprint(n),
  hostname: "render-node",
  productId: PRODUCT,
});

async function sessions(server, seeder) {
  const keys = await licensesOf(seeder);
  const open = [];
  for (const [n, licenseKey] of keys.entries()) {
    const { body } = await server.call("activate", machineOf(licenseKey, n));
    const { machineFingerprint } = machineOf(licenseKey, n);
    open.push({ licenseKey, machineFingerprint, token: body.token });
  }
  return open;
}

/** A checkout and its release, each time by a machine that the pool has not seen. */
const pool = (seats, more = {}) => ({
  name: `floating checkout + release, pool of ${seats}`,
  ...more,
  logged: ["activate", "deactivate"],
  async prepare(_, seeder) {
    const licenseKey = await seeder.pool(seats, Math.floor(seats * (1 - FREE_SHARE)));
    let n = 0;
    return [
      post("activate", undefined, {
        setupRequest: (request, context) => {
          const machine = machineOf(licenseKey, n++);
          context.machineFingerprint = machine.machineFingerprint;
          return { ...request, body: JSON.stringify(machine) };
        },
      }),
      post("deactivate", undefined, {
        setupRequest: (request, { machineFingerprint }) => ({
          ...request,
          body: JSON.stringify({ licenseKey, machineFingerprint }),
        }),
      }),
    ];
  },
});

const list = (count) => ({
  name: `listLicenses, a page of ${PAGE} of ${count}`,
  logged: ["listLicenses"],
  async prepare(_, seeder) {
    await seeder.licenses(count, (n) => ({ email: `user-${n % 9}@example.com` }));
    return [
      post(
        "listLicenses",
        { limit: PAGE },
        { headers: { "content-type": "application/json", ...adminHeaders } },
      ),
    ];
  },
});

/**
 * What is measured. `prepare` fills the server and gives the requests of one sender, which are sent in
 * turn; without any the server does not serve it. `logged` names the functions in the access log,
 * `settings` are variables of its server.
 */
export const scenarios = [
  {
    name: "verify",
    logged: ["verify"],
    async prepare(_, seeder) {
      const keys = await licensesOf(seeder);
      return varied("verify", (n) => ({ body: { licenseKey: pick(keys, n), productId: PRODUCT } }));
    },
  },
  {
    name: "activate, a new machine",
    logged: ["activate"],
    async prepare(_, seeder) {
      const keys = await licensesOf(seeder, { maxMachines: ROOMY });
      return varied("activate", (n) => ({ body: machineOf(pick(keys, n), n) }));
    },
  },
  {
    name: "activate, a known machine",
    logged: ["activate"],
    async prepare(server, seeder) {
      const known = await sessions(server, seeder);
      return varied("activate", (n) => {
        const at = n % known.length;
        return { body: machineOf(known[at].licenseKey, at) };
      });
    },
  },
  {
    name: "validate",
    logged: ["validate"],
    async prepare(server, seeder) {
      const open = await sessions(server, seeder);
      return varied("validate", (n) => ({ body: pick(open, n) }));
    },
  },
  {
    name: "heartbeat",
    logged: ["heartbeat"],
    async prepare(server, seeder) {
      const open = await sessions(server, seeder);
      return varied("heartbeat", (n) => ({ body: pick(open, n) }));
    },
  },
  pool(200),
  pool(5_000),
  pool(5_000, {
    name: "checkout + release, 5000 counted in shards",
    settings: { SEAT_SHARDS_FROM: "500" },
  }),
  {
    name: "CodeGate verify, an unused code",
    logged: ["api"],
    async prepare(server, seeder) {
      const codes = await seeder.codes(CODES);
      const { apiKey, secret, projectId } = await server.admin("createApiKey", {
        name: "shop",
        kind: "codegate",
        productId: PRODUCT,
      });
      const path = `/api/v1/projects/${projectId}/codes/verify`;
      return varied(path.slice(1), (n) => {
        const raw = JSON.stringify({ code: pick(codes, n) });
        const timestamp = String(Math.floor(Date.now() / 1000));
        const hash = createHash("sha256").update(raw).digest("hex");
        const signed = ["POST", path, "", hash, timestamp].join("\n");
        return {
          raw,
          headers: {
            "X-API-Key": apiKey,
            "X-Timestamp": timestamp,
            "X-Signature": createHmac("sha256", secret).update(signed).digest("hex"),
          },
        };
      });
    },
  },
  {
    name: "GeckoGuard authorize",
    logged: ["v1"],
    async prepare(server, seeder) {
      const keys = await licensesOf(seeder);
      const ask = { name: "bot", kind: "geckoguard", productId: PRODUCT };
      const made = await server.call("createApiKey", ask, { headers: adminHeaders });
      if (made.status !== 200) return undefined;
      const { apiKey, productUuid } = made.body;
      const path = "/v1/licenses/authorize";
      const make = (n) => {
        const licenseKey = pick(keys, n);
        const raw = JSON.stringify({ productId: productUuid, licenseKey, hwid: "hw-1" });
        const timestamp = String(Math.floor(Date.now() / 1000));
        const nonce = createHash("sha256").update(`nonce ${n}`).digest("hex").slice(0, 32);
        const hash = createHash("sha256").update(raw).digest("hex");
        const signed = ["POST", path, timestamp, nonce, hash].join("\n");
        return {
          raw,
          headers: {
            "X-Api-Key": apiKey,
            "X-GG-Timestamp": timestamp,
            "X-GG-Nonce": nonce,
            "X-GG-Signature": createHmac("sha256", apiKey).update(signed).digest("hex"),
          },
        };
      };
      const { raw, headers } = make(PROBE);
      const body = JSON.parse(raw);
      const { status } = await server.call(path.slice(1), body, { headers });
      return status === 200 ? varied(path.slice(1), make) : undefined;
    },
  },
  {
    name: "ProxGate activate, a new domain",
    logged: ["api"],
    async prepare(server, seeder) {
      // The largest plan is 10,000 requests a minute and account.
      const owners = [];
      for (let n = 0; n < ACCOUNTS; n++) {
        const creatorId = `studio-${n}`;
        await server.admin("updateAccount", { creatorId, plan: "enterprise" });
        const terms = { name: "site", kind: "proxgate", creatorId };
        owners.push((await server.admin("createApiKey", terms)).apiKey);
      }
      const keys = await seeder.licenses(LICENSES, (n) => ({
        accountId: `studio-${n % ACCOUNTS}`,
        maxMachines: ROOMY,
      }));
      return varied("api/v1/licenses/activate", (n) => ({
        body: { license_key: pick(keys, n), domain: `site-${n}.example.com` },
        headers: { Authorization: `Bearer ${pick(owners, n)}` },
      }));
    },
  },
  list(1_000),
  list(200_000),
];
