import { as, dataOf, errorOf, openGecko } from "../support/dashboard.ts";
import { made, openShop, type Shop, shopLicense } from "../support/dashboard-things.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { detailsOf, geckoCall } from "../support/geckoguard.ts";
import { type Json, MINUTE, type World } from "../support/world.ts";

let world: World;
let shop: Shop;
let path: string;
beforeEach(async () => {
  world = await openGecko();
  shop = await openShop(world);
  path = `/v1/dashboard/app-variables/products/${shop.productId}`;
});
afterEach(() => world.close());

const put = (body: Json, at = path) => as(world, shop.boss, `PUT ${at}`, { body });
const listed = async (query: Record<string, string> = {}) =>
  dataOf(await as(world, shop.boss, `GET ${path}`, { query }));
const keysOf = (data: Json) => (data["variables"] as Json[]).map(({ key }) => key);

test("200 a variable is set once for its scope, license and key, and apps read it", async () => {
  const first = await put({ scope: "GLOBAL", key: "motd", value: "hello" });
  expect([first.status, first.body]).toEqual([
    200,
    {
      ok: true,
      data: {
        variable: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          scope: "GLOBAL",
          licenseId: null,
          key: "motd",
          value: "hello",
          updatedAt: "2026-11-20T09:00:00.000Z",
        },
      },
    },
  ]);
  world.clock.advance(MINUTE);
  const again = await put({ scope: "GLOBAL", licenseId: null, key: "motd", value: "" });
  const { id } = dataOf(first)["variable"] as Json;
  expect(dataOf(again)["variable"]).toMatchObject({
    ...{ id, value: "", updatedAt: "2026-11-20T09:01:00.000Z" },
  });
  const { licenseId, licenseKey } = await shopLicense(world);
  await put({ scope: "USER", licenseId, key: "motd", value: "hello alice" });
  expect(await listed()).toMatchObject({ pagination: { total: 2, page: 1, totalPages: 1 } });
  expect(keysOf(await listed({ scope: "USER" }))).toEqual(["motd"]);
  expect(keysOf(await listed({ licenseId }))).toEqual(["motd"]);
  const read = await geckoCall(world, "GET /v1/app-variables", shop.owner, {
    query: { licenseKey },
  });
  expect(dataOf(read)["variables"]).toMatchObject([{ value: "hello alice" }]);
});

test("200 many at once, all or none, and 400 for what is too much or named wrong", async () => {
  const variables = Array.from({ length: 100 }, (_, index) => ({
    ...{ scope: "GLOBAL", key: `k${index}`, value: "v" },
  }));
  const set = await put({ variables }, `${path}/bulk`);
  expect([set.status, keysOf(dataOf(set))]).toEqual([200, variables.map(({ key }) => key)]);
  const one = { scope: "GLOBAL", key: "more", value: "v" };
  const foreign = { ...one, scope: "USER", licenseId: shop.productId };
  expect((await put({ variables: [one, foreign] }, `${path}/bulk`)).status).toBe(404);
  const wrong = { ...one, key: "a b" };
  for (const [sent, fields] of [
    [[...variables, one], ["variables"]],
    [[], ["variables"]],
    [[one, wrong], ["variables.1.key"]],
  ] as const) {
    const reply = await put({ variables: sent }, `${path}/bulk`);
    expect([reply.status, detailsOf(reply)]).toEqual([400, fields]);
  }
  expect((await listed({ pageSize: "7", page: "2" }))["pagination"]).toEqual({
    ...{ page: 2, pageSize: 7, total: 100, totalPages: 15 },
  });
});

test.each([
  [{ scope: "USER" }, "licenseId"],
  [{ licenseId: "f11e0000-1111-4222-8333-444455556666" }, "licenseId"],
  [{ scope: "global" }, "scope"],
  [{ key: "" }, "key"],
  [{ key: "x".repeat(101) }, "key"],
  [{ key: undefined }, "key"],
  [{ value: "x".repeat(8193) }, "value"],
  [{ value: 7 }, "value"],
  [{ value: "\0" }, "value"],
])("400 %j is about %s", async (wrong, field) => {
  const reply = await put({ scope: "GLOBAL", key: "k", value: "v", ...wrong });
  expect([reply.status, detailsOf(reply)]).toEqual([400, [field]]);
});

test("404 a license, variable or product of others, and 200 for one's own that is deleted once", async () => {
  const other = await openShop(world, { boss: shop.boss, handle: "prod_other" });
  const theirs = await shopLicense(world, "prod_other");
  const body = { scope: "USER", licenseId: theirs.licenseId, key: "k", value: "v" };
  const foreign = await put(body);
  expect([foreign.status, errorOf(foreign)["message"]]).toEqual([404, "License not found"]);
  const set = { name: "variable", body: { scope: "GLOBAL", key: "k", value: "v" } };
  const { id } = await made(world, shop.boss, `PUT ${path}`, set);
  const remove = (at: string) => as(world, shop.boss, `DELETE ${at}/${id}`);
  const elsewhere = path.replace(shop.productId, other.productId);
  expect(errorOf(await remove(elsewhere))["message"]).toBe("Variable not found");
  expect((await remove(path)).body).toEqual({ ok: true, data: { deleted: true } });
  expect((await remove(path)).status).toBe(404);
});

test("403 above 1,000 variables of a scope, however many set them at once", async () => {
  const lot = (from: number, scope = "GLOBAL", length = 100) => ({
    variables: Array.from({ length }, (_, at) => ({ scope, key: `k${from + at}`, value: "v" })),
  });
  for (let from = 0; from < 900; from += 100) await put(lot(from), `${path}/bulk`);
  const replies = await Promise.all(
    [1, 2, 3, 4].map((lotOf) => put(lot(lotOf * 1_000, "GLOBAL", 40), `${path}/bulk`)),
  );
  expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 403, 403]);
  const full = replies.find(({ status }) => status === 403);
  expect(full && errorOf(full)["code"]).toBe("LIMIT_EXCEEDED");
  expect((await listed())["pagination"]).toMatchObject({ total: 980 });
});

test("an Idempotency-Key gives the first answer again, and 409 with another body", async () => {
  const body = { scope: "GLOBAL", key: "k", value: "v" };
  const headers = { "idempotency-key": "set-k" };
  const sent = (value: string) =>
    as(world, shop.boss, `PUT ${path}`, { body: { ...body, value }, headers });
  const first = await sent("v");
  const again = await sent("v");
  expect([again.body, again.headers.get("idempotent-replayed")]).toEqual([first.body, "true"]);
  expect(errorOf(await sent("w"))["code"]).toBe("IDEMPOTENCY_KEY_REUSE");
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("20 set the same variable at once: there is one", async () => {
    const racing = await openGecko({ store: open() });
    const { boss, productId } = await openShop(racing);
    const route = `PUT /v1/dashboard/app-variables/products/${productId}`;
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        patiently(async () => {
          const body = { scope: "GLOBAL", key: "k", value: `${at}` };
          return (await made(racing, boss, route, { name: "variable", body }))["id"];
        }),
      ),
    );
    expect(new Set(ids).size).toBe(1);
    const reply = await as(racing, boss, route.replace("PUT", "GET"));
    expect(dataOf(reply)["pagination"]).toMatchObject({ total: 1 });
    await racing.close();
  }, 60_000);
});
