import { as, dataOf, errorOf, openGecko } from "../support/dashboard.ts";
import { openShop, type Shop, shopLicense } from "../support/dashboard-things.ts";
import { authorize } from "../support/geckoguard-signed.ts";
import type { Json, World } from "../support/world.ts";

let world: World;
let shop: Shop;
let path: string;
beforeEach(async () => {
  world = await openGecko();
  shop = await openShop(world);
  path = `/v1/dashboard/blacklists/products/${shop.productId}`;
});
afterEach(() => world.close());

const post = (body: Json, at = path) => as(world, shop.boss, `POST ${at}`, { body });
const bulk = (entries: unknown) => post({ entries }, `${path}/bulk`);
const listed = async (query: Record<string, string> = {}) =>
  dataOf(await as(world, shop.boss, `GET ${path}`, { query }));
const valuesOf = (data: Json) => (data["entries"] as Json[]).map(({ value }) => value);

test("201 a new entry that authorizations meet, 200 the same with its new reason", async () => {
  const entry = { type: "HWID", value: "banned-hardware-id" };
  const first = await post({ ...entry, reason: "Chargeback fraud" });
  expect([first.status, dataOf(first)["entry"]]).toEqual([
    201,
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      productId: shop.productId,
      ...entry,
      valueHash: "179f44e9872d83e2bb09733d82eb2c547247d03bd418d0af0d7626114d720cc1",
      reason: "Chargeback fraud",
      createdAt: "2026-11-20T09:00:00.000Z",
    },
  ]);
  expect((await post({ ...entry, reason: "Fraud" })).status).toBe(200);
  const { licenseKey } = await shopLicense(world);
  const denied = await authorize(world, shop.owner, { licenseKey, hwid: entry.value });
  expect(denied.body).toMatchObject({ reasonCode: "HWID_BLACKLISTED", message: "Fraud" });
  const { id } = dataOf(first)["entry"] as Json;
  const gone = await as(world, shop.boss, `DELETE ${path}/${id}`);
  expect(gone.body).toEqual({ ok: true, data: { deleted: true } });
  expect((await as(world, shop.boss, `DELETE ${path}/${id}`)).status).toBe(404);
  const allowed = await authorize(world, shop.owner, { licenseKey, hwid: entry.value });
  expect(allowed.status).toBe(200);
});

test("200 up to 200 entries at once, told apart into new and known ones", async () => {
  const entries = Array.from({ length: 200 }, (_, at) => ({ type: "HWID", value: `d${at}` }));
  expect((await bulk(entries)).body).toEqual({ ok: true, data: { added: 200, updated: 0 } });
  const mixed = [...entries.slice(0, 2), { type: "IP", value: "203.0.113.7", reason: "x" }];
  expect(dataOf(await bulk(mixed))).toEqual({ added: 1, updated: 2 });
  expect(valuesOf(await listed({ type: "IP" }))).toEqual(["203.0.113.7"]);
  expect((await listed({ type: "HWID", search: "D19" }))["pagination"]).toMatchObject({
    total: 11,
  });
});

test("400 names the entry that is wrong, and none of its lot is added", async () => {
  const good = { type: "IP", value: "203.0.113.7" };
  const detail = (path: string) => [expect.objectContaining({ path })];
  for (const [entries, field] of [
    [[good, { type: "IP", value: "example.com" }], "entries.1.value"],
    [[good, { ...good, type: "MAC" }], "entries.1.type"],
    [[], "entries"],
    [Array(201).fill(good), "entries"],
    ["x", "entries"],
  ] as const) {
    const reply = await bulk(entries);
    expect([reply.status, errorOf(reply)["details"]]).toEqual([400, detail(field)]);
  }
  const single = await post({ type: "IP", value: "example.com" });
  expect(errorOf(single)["details"]).toEqual(detail("value"));
  expect((await listed())["pagination"]).toMatchObject({ total: 0 });
});
