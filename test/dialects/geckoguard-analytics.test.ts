import {
  countAuthorization,
  countCreated,
} from "../../functions/src/operations/stats/usage-counters.ts";
import { as, org, type Person, person } from "../support/dashboard.ts";
import { codeOf, geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { authorize } from "../support/geckoguard-signed.ts";
import { addProduct } from "../support/plans.ts";
import { DAY, HOUR, type Json, machine, type World } from "../support/world.ts";

let world: World;
let owner: Owner;
let product: { accountId: string; productId: string };
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
  product = { accountId: "default", productId: owner.productId };
});
afterEach(() => world.close());

const ask = (query: Record<string, string> = {}, as = owner) =>
  geckoCall(world, `GET /v1/products/${owner.productId}/analytics`, as, { query });
const data = ({ body }: { body: Json }) => body["data"] as Json;
const none = {
  ...{ licensesCreated: 0, licensesActivated: 0, authorizations: 0, denials: 0, apiCalls: 0 },
};

test("200 thirty days, today included, in the reference's shape", async () => {
  countCreated(world.deps, product, 2);
  await world.deps.usage.flush();
  world.clock.advance(DAY);
  countAuthorization(world.deps, product, null);
  countAuthorization(world.deps, product, "HWID_MISMATCH");
  const reply = await ask();
  expect(reply.status).toBe(200);
  const { series, ...rest } = data(reply) as { series: Json[] };
  expect(rest).toEqual({
    range: {
      ...{ from: "2026-10-23T00:00:00.000Z", to: "2026-11-21T09:00:00.000Z", interval: "day" },
    },
    totals: { ...none, licensesCreated: 2, authorizations: 1, denials: 1, apiCalls: 1 },
    denialsByReason: { HWID_MISMATCH: 1 },
  });
  expect(series).toHaveLength(30);
  expect(series[0]).toEqual({ date: "2026-10-23", ...none });
  expect(series.slice(-2)).toEqual([
    { date: "2026-11-20", ...none, licensesCreated: 2 },
    { date: "2026-11-21", ...none, authorizations: 1, denials: 1, apiCalls: 1 },
  ]);
});

test("200 the hours of a range, and what is asked with a key is an API call", async () => {
  await ask();
  world.clock.advance(HOUR);
  const other = await geckoKey(world, "prod_other");
  await geckoCall(world, "GET /v1/whoami", other);
  await geckoCall(world, "GET /v1/whoami", owner);
  await geckoCall(world, "GET /v1/whoami", owner);
  await geckoCall(world, "GET /v1/whoami", { apiKey: "gg_wrong" });
  const range = { from: "2026-11-20T09:30:00Z", to: "2026-11-20T12:00:00+01:00" };
  expect(data(await ask({ ...range, interval: "hour" }))).toMatchObject({
    totals: { apiCalls: 4 },
    series: [
      { date: "2026-11-20T09:00:00.000Z", apiCalls: 1 },
      { date: "2026-11-20T10:00:00.000Z", apiCalls: 3 },
      { date: "2026-11-20T11:00:00.000Z", apiCalls: 0 },
    ],
  });
});

test("200 what clients and vendors do is counted once it is done, by the reasons that clients are told", async () => {
  const licenseKey = await world.license({ productId: "prod_gecko" });
  const row = { licenseKey: "MINE-0001", email: "b@example.com", productId: "prod_gecko" };
  for (let times = 0; times < 2; times++) await world.admin("importLicenses", { licenses: [row] });
  await world.call("activate", machine(licenseKey, "a", "prod_gecko"));
  await world.call("activate", machine(licenseKey, "b", "prod_gecko"));
  expect((await authorize(world, owner, { licenseKey: "MINE-0001" })).status).toBe(200);
  expect((await authorize(world, owner, { licenseKey })).status).toBe(200);
  await authorize(world, owner, { licenseKey: "NO-SUCH-KEY" });
  const elsewhere = await world.license({ productId: "prod_other" });
  await authorize(world, owner, { licenseKey: elsewhere });
  await world.admin("revokeLicense", { licenseKey });
  await authorize(world, owner, { licenseKey });
  await authorize(world, owner, { licenseKey, dryRun: true });
  expect(data(await ask())).toMatchObject({
    totals: {
      ...{ licensesCreated: 2, licensesActivated: 2, authorizations: 2, denials: 3, apiCalls: 7 },
    },
    denialsByReason: { LICENSE_NOT_FOUND: 1, PRODUCT_MISMATCH: 1, LICENSE_REVOKED: 1 },
  });
});

test("a day costs a read", async () => {
  await ask();
  await ask({ from: "2026-11-01", to: "2026-11-10" });
  // Besides the days: the key and the product.
  expect(world.touched()).toEqual({ reads: 12, writes: 0, aggregates: 0 });
});

test.each<[string, Record<string, string>, string, number]>([
  ["366 days", { from: "2025-11-20", to: "2026-11-21" }, "", 200],
  ["more than 366 days", { from: "2025-11-19", to: "2026-11-21" }, "to", 400],
  ["31 days by the hour", { from: "2026-10-01", to: "2026-11-01", interval: "hour" }, "", 200],
  ["more by the hour", { from: "2026-10-01", to: "2026-11-02", interval: "hour" }, "to", 400],
  ["an end before the beginning", { from: "2026-11-02", to: "2026-11-01" }, "from", 400],
  ["what is no date", { from: "yesterday" }, "from", 400],
  ["what is no date either", { to: "2026-02-30" }, "to", 400],
  ["before there was anything", { from: "1969-01-01", to: "1969-01-02" }, "from", 400],
  ["weeks", { interval: "week" }, "interval", 400],
])("%s", async (_, query, field, status) => {
  const reply = await ask(query);
  expect(reply.status).toBe(status);
  if (status === 400) {
    expect(reply.body).toMatchObject({
      error: { code: "VALIDATION_ERROR", details: [{ path: field }] },
    });
  }
});

test("403 another product's key, and one without the scope", async () => {
  const other = await geckoKey(world, "prod_other");
  expect(await ask({}, other)).toMatchObject({
    status: 403,
    body: { error: { code: "FORBIDDEN" } },
  });
  const unable = await geckoKey(world, "prod_gecko", { scopes: ["license:read"] });
  expect(await ask({}, unable)).toMatchObject({
    status: 403,
    body: { error: { message: "API key does not have permission: analytics:read" } },
  });
});

describe("an organization's", () => {
  const ORGS = "/v1/dashboard/orgs";
  const asked = (who: Person, orgId: string, query: Record<string, string> = {}) =>
    as(world, who, `GET ${ORGS}/${orgId}/analytics`, { query });

  test("200 all its products together, and of no other's", async () => {
    const you = await person(world);
    const orgId = await org(world, you);
    const place = { accountId: orgId };
    const [one, two] = [
      await addProduct(world, orgId, "prod_one"),
      await addProduct(world, orgId, "prod_two"),
    ];
    countCreated(world.deps, { ...place, productId: one }, 2);
    countAuthorization(world.deps, { ...place, productId: one }, "HWID_MISMATCH");
    countAuthorization(world.deps, { ...place, productId: two }, null);
    countAuthorization(world.deps, { ...place, productId: two }, "HWID_MISMATCH");
    countAuthorization(world.deps, product, null);
    await world.deps.usage.flush();
    const reply = await asked(you, orgId);
    const { series, ...rest } = data(reply) as { series: Json[] };
    const counts = { ...none, licensesCreated: 2, authorizations: 1, denials: 2 };
    expect([reply.status, rest]).toEqual([
      200,
      {
        range: {
          from: "2026-10-22T00:00:00.000Z",
          to: "2026-11-20T09:00:00.000Z",
          interval: "day",
        },
        totals: counts,
        denialsByReason: { HWID_MISMATCH: 2 },
      },
    ]);
    expect([series.length, series.at(-1)]).toEqual([30, { date: "2026-11-20", ...counts }]);
    const day = { from: "2026-11-20", to: "2026-11-20T23:00:00Z", interval: "hour" };
    const hours = data(await asked(you, orgId, day))["series"] as Json[];
    expect([hours.length, hours[9]]).toEqual([24, { date: "2026-11-20T09:00:00.000Z", ...counts }]);
    // Login, membership, and the one day that was asked for.
    expect(world.touched()).toEqual({ reads: 3, writes: 0, aggregates: 0 });
  });

  test.each([
    [{ from: "yesterday" }],
    [{ from: "2026-11-21", to: "2026-11-20" }],
    [{ from: "2025-01-01", to: "2026-11-20" }],
    [{ from: "2026-10-01", to: "2026-11-20", interval: "hour" }],
    [{ interval: "week" }],
  ])("400 for %j", async (query) => {
    const you = await person(world);
    const reply = await asked(you, await org(world, you), query as Record<string, string>);
    expect([reply.status, codeOf(reply)]).toEqual([400, "VALIDATION_ERROR"]);
  });
});
