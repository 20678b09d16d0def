import { randomUUID } from "node:crypto";
import { SCOPES } from "../../functions/src/core/api-keys.ts";
import { deliveries, sites } from "../../functions/src/store/collections.ts";
import { licenseOf } from "../support/change-license.ts";
import { person } from "../support/dashboard.ts";
import { delivery, site, siteAction } from "../support/records.ts";
import { endpoints, type Json, MINUTE, machine, openWorld, type World } from "../support/world.ts";

/** What account A has, and where its things are found. */
type Tenant = {
  readonly world: World;
  readonly accountId: string;
  readonly productId: string;
  readonly licenseKey: string;
  readonly keyId: string;
};

type Row = {
  /** A body that succeeds, about a thing of A. It may make the thing first. */
  readonly body: (a: Tenant) => Json | Promise<Json>;
  /** The fields that name the thing, as for one that is nowhere. */
  readonly absent: Json;
  /** A list of what the key reaches: a key of another product gets an answer, without A's thing. */
  readonly filtered?: true;
  /** Answers 200 with a result for each row it was sent: all of them must be refused. */
  readonly rowByRow?: true;
};

const nowhere = { productId: "prod_nowhere", licenseKey: "NO-SUCH-KEY", creatorId: "nobody" };
const { productId, licenseKey, creatorId } = nowhere;
const keyId = randomUUID();

let drawn = 0;
/** A name nothing has yet: bodies are sent more than once. */
const fresh = () => `new-${++drawn}`;

const imported = (product: string) => ({
  licenseKey: "BROUGHT-ALONG-1",
  email: "new@example.com",
  productId: product,
});
async function freshCode(a: Tenant): Promise<Json> {
  const code = { code: fresh(), productId: a.productId };
  await a.world.admin("createTrialCode", code);
  return code;
}

async function freshRedemptionCode(a: Tenant): Promise<Json> {
  const code = fresh();
  await a.world.admin("createCodes", { productId: a.productId, codes: [code] });
  return { productId: a.productId, code };
}

/** An event of A's that has not had its consequence. */
async function failedEvent(a: Tenant): Promise<Json> {
  const { world, accountId } = a;
  const { body } = await world.call(
    "webhook",
    { type: "purchase.completed", email: "x@example.com", productId: fresh() },
    { headers: { "x-webhook-secret": "test-native-secret" }, query: { creatorId: accountId } },
  );
  return { eventId: body["eventId"] };
}

/** Somebody to let in. */
async function registered(a: Tenant): Promise<Json> {
  const { email } = await person(a.world, `${fresh()}@example.com`);
  return { creatorId: a.accountId, email, role: "DEV" };
}

const endpointId = randomUUID();

/** An endpoint of A's; another than the last, since an account may have few. */
async function freshEndpoint(a: Tenant): Promise<Json> {
  const { admin } = a.world;
  const listed = await admin("listWebhookEndpoints", { creatorId: a.accountId });
  for (const known of listed["endpoints"] as Json[]) {
    await admin("deleteWebhookEndpoint", { endpointId: known["endpointId"] });
  }
  const made = await admin("createWebhookEndpoint", {
    url: "https://hush.example.com/hooks",
    events: ["*"],
    creatorId: a.accountId,
  });
  return { endpointId: (made["endpoint"] as Json)["endpointId"] };
}

/** A delivery to it that failed. */
async function freshDelivery(a: Tenant): Promise<Json> {
  const { endpointId: id } = await freshEndpoint(a);
  const record = delivery({ endpointId: String(id), accountId: a.accountId, state: "failed" });
  await a.world.store.commit([{ kind: "set", collection: deliveries, record }]);
  return { deliveryId: record.id };
}

/** A site of A's, on A's license. */
async function freshSite(a: Tenant): Promise<Json> {
  const license = await licenseOf(a.world, a.licenseKey);
  const record = site({
    id: randomUUID(),
    accountId: a.accountId,
    productId: license.productId,
    licenseId: license.id,
    licenseKeyHash: license.keyHash,
    siteUrl: "https://hush.example.com",
    actions: [siteAction({ payload: '{"text":"Hush"}' })],
  });
  await a.world.store.commit([{ kind: "set", collection: sites, record }]);
  return { siteId: record.id };
}
const siteId = randomUUID();

const entitlement = (a: Tenant) => ({
  ...{ email: "a@example.com", productId: a.productId, feature: "export" },
});

/** One row for every function that takes a credential. */
const rows: Readonly<Record<string, Row>> = {
  getAccount: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  updateAccount: {
    body: (a) => ({ creatorId: a.accountId, plan: "pro" }),
    absent: { creatorId },
  },
  addMember: { body: registered, absent: { creatorId } },
  createApiKey: { body: (a) => ({ name: "k", creatorId: a.accountId }), absent: { creatorId } },
  listApiKeys: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  revokeApiKey: { body: (a) => ({ keyId: a.keyId }), absent: { keyId } },
  rotateApiKey: { body: (a) => ({ keyId: a.keyId }), absent: { keyId } },
  listInboundEvents: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  retryInboundEvent: { body: failedEvent, absent: { eventId: "nowhere" } },
  listAuditLog: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  createLicense: {
    body: (a) => ({ email: "new@example.com", productId: a.productId }),
    absent: { productId },
  },
  updateLicense: {
    body: (a) => ({ licenseKey: a.licenseKey, variant: "pro" }),
    absent: { licenseKey },
  },
  revokeLicense: { body: (a) => ({ licenseKey: a.licenseKey }), absent: { licenseKey } },
  resolveLicense: { body: (a) => ({ licenseKey: a.licenseKey }), absent: { licenseKey } },
  reinstateLicense: { body: (a) => ({ licenseKey: a.licenseKey }), absent: { licenseKey } },
  resetActivations: { body: (a) => ({ licenseKey: a.licenseKey }), absent: { licenseKey } },
  rotateLicenseKey: {
    body: async (a) => ({ licenseKey: await a.world.license({ productId: a.productId }) }),
    absent: { licenseKey },
  },
  deactivateMachine: {
    body: async (a) => {
      const ask = machine(a.licenseKey, "a", a.productId);
      await a.world.call("activate", ask);
      return { licenseKey: a.licenseKey, machineFingerprint: ask.machineFingerprint };
    },
    absent: { licenseKey },
  },
  importLicenses: {
    body: (a) => ({ licenses: [imported(a.productId)] }),
    absent: { licenses: [imported(productId)] },
    rowByRow: true,
  },
  getMailTemplate: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  updateMailTemplate: {
    body: (a) => ({ creatorId: a.accountId, subject: `Your license, ${fresh()}` }),
    absent: { creatorId },
  },
  getStats: { body: (a) => ({ productId: a.productId }), absent: { productId } },
  rotateSigningKey: { body: () => ({}), absent: { revokeKid: "nowhere", immediately: true } },
  listLicenses: {
    body: (a) => ({ creatorId: a.accountId }),
    absent: { creatorId },
    filtered: true,
  },
  exportLicenses: {
    body: (a) => ({ creatorId: a.accountId, format: "json" }),
    absent: { creatorId },
    filtered: true,
  },
  getLicense: { body: (a) => ({ licenseKey: a.licenseKey }), absent: { licenseKey } },
  createProduct: { body: (a) => ({ name: "new", creatorId: a.accountId }), absent: { creatorId } },
  createVariant: {
    body: (a) => ({ productId: a.productId, name: fresh() }),
    absent: { productId },
  },
  listProducts: {
    body: (a) => ({ creatorId: a.accountId, includeAll: true }),
    absent: { creatorId },
    filtered: true,
  },
  updateProduct: {
    body: (a) => ({ productId: a.productId, description: "x" }),
    absent: { productId },
  },
  listVariants: { body: (a) => ({ productId: a.productId }), absent: { productId } },
  updateVariant: {
    body: (a) => ({ productId: a.productId, name: "pro", maxMachines: 3 }),
    absent: { productId },
  },
  createTrialCode: {
    body: (a) => ({ code: fresh(), productId: a.productId }),
    absent: { productId },
  },
  listTrialCodes: { body: (a) => ({ productId: a.productId }), absent: { productId } },
  updateTrialCode: { body: freshCode, absent: { productId } },
  deleteTrialCode: { body: freshCode, absent: { productId } },
  grantEntitlement: { body: entitlement, absent: { productId } },
  revokeEntitlement: { body: entitlement, absent: { productId } },
  createDiscountCode: {
    body: (a) => ({ code: fresh(), productId: a.productId, percentOff: 5 }),
    absent: { productId },
  },
  listDiscountCodes: { body: (a) => ({ productId: a.productId }), absent: { productId } },
  updateDiscountCode: { body: freshCode, absent: { productId } },
  deleteDiscountCode: { body: freshCode, absent: { productId } },
  createCodes: { body: (a) => ({ productId: a.productId, count: 1 }), absent: { productId } },
  listCodes: { body: (a) => ({ productId: a.productId }), absent: { productId } },
  updateCode: { body: freshRedemptionCode, absent: { productId } },
  deleteCode: { body: freshRedemptionCode, absent: { productId } },
  exportCodes: {
    body: (a) => ({ productId: a.productId, format: "json" }),
    absent: { productId },
  },
  createWebhookEndpoint: {
    body: (a) => ({ url: `https://example.com/${fresh()}`, events: ["*"], creatorId: a.accountId }),
    absent: { creatorId },
  },
  listWebhookEndpoints: { body: (a) => ({ creatorId: a.accountId }), absent: { creatorId } },
  updateWebhookEndpoint: {
    body: async (a) => ({ ...(await freshEndpoint(a)), description: fresh() }),
    absent: { endpointId },
  },
  deleteWebhookEndpoint: { body: freshEndpoint, absent: { endpointId } },
  rotateWebhookSecret: { body: freshEndpoint, absent: { endpointId } },
  testWebhookEndpoint: { body: freshEndpoint, absent: { endpointId } },
  listWebhookDeliveries: { body: freshEndpoint, absent: { endpointId } },
  redeliverWebhook: { body: freshDelivery, absent: { deliveryId: randomUUID() } },
  listSites: {
    body: async (a) => {
      await freshSite(a);
      return { creatorId: a.accountId };
    },
    absent: { creatorId },
    filtered: true,
  },
  getSite: { body: freshSite, absent: { siteId } },
  createPendingAction: {
    body: async (a) => ({ ...(await freshSite(a)), type: "ENABLE_PLUGIN" }),
    absent: { siteId },
  },
  listPendingActions: { body: freshSite, absent: { siteId } },
  revokeSite: { body: freshSite, absent: { siteId } },
  reinstateSite: { body: freshSite, absent: { siteId } },
  redeemTrialCode: {
    body: async (a) => ({ ...(await freshCode(a)), email: `${fresh()}@example.com` }),
    absent: { productId },
  },
};

const guarded = [...endpoints].flatMap(([name, spec]) =>
  spec.access === "public" || spec.access === "webhook" ? [] : [[name, spec] as const],
);

test("every function that takes a credential has a row here, and no other", () => {
  expect(Object.keys(rows).sort()).toEqual(guarded.map(([name]) => name).sort());
});

let world: World;
let a: Tenant;
/** Words that stand in what A has and nowhere else. */
let words: string[];

beforeEach(async () => {
  world = await openWorld();
  const owner = { creatorId: "tenant-a" };
  const made = await world.admin("createProduct", {
    ...owner,
    name: "Private Tools",
    productId: "prod_private",
  });
  await world.admin("createProduct", { ...owner, name: "Else", productId: "prod_else" });
  await world.admin("createVariant", { productId: "prod_private", name: "pro", label: "Hush" });
  const license = await world.license({
    productId: "prod_private",
    email: "hidden@example.com",
    variant: "pro",
  });
  const key = await world.admin("createApiKey", { ...owner, name: "quiet key" });
  a = {
    world,
    accountId: "tenant-a",
    productId: "prod_private",
    licenseKey: license,
    keyId: String(key["keyId"]),
  };
  words = [
    license,
    a.keyId,
    "tenant-a",
    "prod_private",
    String(made["projectId"]),
    "Private Tools",
    "private-tools",
    "Hush",
    "hidden@example.com",
    "quiet key",
    "hush.example.com",
  ];
});
afterEach(() => world.close());

async function newKey(terms: Json = {}) {
  const made = await world.admin("createApiKey", { name: "k", creatorId: "tenant-a", ...terms });
  const apiKey = String(made["apiKey"]);
  // The first use writes when it was, which later calls shall not be charged with.
  await world.call("getLicense", { licenseKey: "warm-up" }, { headers: { "x-api-key": apiKey } });
  return { keyId: made["keyId"], apiKey };
}

/** A call that must not succeed, tell or change anything. */
async function refused(name: string, body: Json, apiKey: string, status?: number) {
  const reply = await world.call(name, body, { headers: { "x-api-key": apiKey } });
  if (rows[name]?.rowByRow && reply.status === 200) {
    expect(reply.body["results"]).toEqual([expect.objectContaining({ ok: false })]);
  } else expect(reply.status).not.toBe(200);
  if (status !== undefined) expect([reply.status, reply.body]).toEqual([status, expect.anything()]);
  expect(reply.status).toBeLessThan(500);
  expectNothingTold(reply.body);
  expect(world.touched().writes).toBe(0);
  return reply;
}

function expectNothingTold(body: Json, told: readonly string[] = words) {
  const text = JSON.stringify(body);
  expect(told.filter((word) => text.includes(word))).toEqual([]);
}

describe.each(guarded)("%s", (name, spec) => {
  const row = rows[name] as Row;

  test("200 for the administrator, and for the account's own keys where keys are let in", async () => {
    const body = await row.body(a);
    if (spec.access === "administrator") {
      await refused(name, body, (await newKey()).apiKey, 403);
    } else {
      const whole = await newKey({ scopes: [spec.scope] });
      const bound = await newKey({ productIds: [a.productId] });
      for (const [key, status] of [
        [whole, 200],
        [bound, spec.accountWide ? 403 : 200],
      ] as const) {
        const headers = { "x-api-key": key.apiKey };
        const reply = await world.call(name, await row.body(a), { headers });
        expect([reply.status, reply.body]).toEqual([status, expect.anything()]);
      }
    }
    await world.admin(name, await row.body(a));
  });

  test("another account's key is answered as if the thing were nowhere", async () => {
    const { apiKey } = await newKey({ creatorId: "tenant-b" });
    const body = await row.body(a);
    const foreign = await refused(name, body, apiKey);
    const absent = await refused(name, { ...body, ...row.absent }, apiKey);
    expect([foreign.status, foreign.body]).toEqual([absent.status, absent.body]);
  });

  test("a key that is bound to another product is answered as if the thing were nowhere", async () => {
    const { apiKey } = await newKey({ productIds: ["prod_else"] });
    const body = await row.body(a);
    if (row.filtered) {
      const reply = await world.call(name, body, { headers: { "x-api-key": apiKey } });
      expectNothingTold(
        reply.body,
        words.filter((word) => word !== "tenant-a"),
      );
      return;
    }
    const foreign = await refused(name, body, apiKey);
    const absent = await refused(name, { ...body, ...row.absent }, apiKey);
    expect([foreign.status, foreign.body]).toEqual([absent.status, absent.body]);
  });

  test("401 a revoked key and an expired one", async () => {
    const body = await row.body(a);
    const revoked = await newKey();
    await world.admin("revokeApiKey", { keyId: revoked.keyId });
    await refused(name, body, revoked.apiKey, 401);
    const expiresAt = new Date(world.clock.now() + MINUTE).toISOString();
    const expired = await newKey({ expiresAt });
    world.clock.advance(MINUTE);
    await refused(name, body, expired.apiKey, 401);
  });

  test("403 a key without the scope, which the answer names", async () => {
    const needed = spec.access === "admin" ? spec.scope : undefined;
    const { apiKey } = await newKey({ scopes: SCOPES.filter((scope) => scope !== needed) });
    const reply = await refused(name, await row.body(a), apiKey, 403);
    expect(reply.body).toEqual({
      success: false,
      error: needed ? `The apiKey lacks the scope ${needed}` : "Only the adminSecret may do this",
      code: "FORBIDDEN",
    });
  });
});

test("a product-bound key is not given what another key of the account was answered", async () => {
  const [whole, bound] = [await newKey(), await newKey({ productIds: ["prod_else"] })];
  const order = { email: "x@example.com", productId: a.productId };
  const ask = (apiKey: string) =>
    world.call("createLicense", order, {
      headers: { "x-api-key": apiKey, "idempotency-key": "order-1" },
    });
  expect((await ask(whole.apiKey)).status).toBe(200);
  expect((await ask(bound.apiKey)).status).toBe(404);
});

test("a product-bound key unlocks no other product and makes things of its own", async () => {
  const { apiKey } = await newKey({ productIds: ["prod_else"] });
  const order = { email: "x@example.com", productId: "prod_else", apiKey };
  expect((await world.call("createLicense", order)).status).toBe(200);
  expect(
    await world.call("createLicense", { ...order, unlockedProducts: ["prod_private"] }),
  ).toMatchObject({ status: 404, body: { error: "unlockedProducts: no such product" } });
});
