import { addBlacklistEntries } from "../../functions/src/operations/blacklists/add-entries.ts";
import { deleteBlacklistEntry } from "../../functions/src/operations/blacklists/delete-entry.ts";
import { canonicalRange } from "../../functions/src/operations/blacklists/values.ts";
import { products } from "../../functions/src/store/collections.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { authorize } from "../support/geckoguard-signed.ts";
import type { Json, World } from "../support/world.ts";

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const path = (more = "", productId = owner.productId) =>
  `/v1/products/${productId}/blacklists${more}`;
const add = (body: unknown, as = owner) =>
  geckoCall(world, `POST ${path("", owner.productId)}`, as, { body });
const list = (query = {}, as = owner) => geckoCall(world, `GET ${path()}`, as, { query });
const remove = (entryId: string, as = owner) =>
  geckoCall(world, `DELETE ${path(`/${entryId}`)}`, as);
const data = ({ body }: { body: Json }) => body["data"] as Json;
const entryOf = (reply: { body: Json }) => data(reply)["entry"] as Json;
const valuesOf = (reply: { body: Json }) =>
  (data(reply)["entries"] as Json[]).map(({ value }) => value);
const counts = async (productId = owner.productId, on = world) =>
  (await on.store.get(products, productId))?.blacklist;

test("201 a new entry has the reference's fields, and 200 the same value takes its new reason", async () => {
  const body = { type: "HWID", value: "banned-hardware-id", reason: "Chargeback fraud" };
  const made = await add(body);
  expect(made.status).toBe(201);
  expect(made.body).toEqual({
    ok: true,
    data: {
      entry: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        productId: owner.productId,
        ...body,
        valueHash: "179f44e9872d83e2bb09733d82eb2c547247d03bd418d0af0d7626114d720cc1",
        createdAt: "2026-11-20T09:00:00.000Z",
      },
    },
  });
  world.clock.advance(1_000);
  const again = await add({ ...body, reason: "Leaked" });
  expect([again.status, entryOf(again)]).toEqual([200, { ...entryOf(made), reason: "Leaked" }]);
  const kept = await add({ type: "HWID", value: body.value });
  expect([kept.status, entryOf(kept)["reason"]]).toEqual([200, "Leaked"]);
  expect(await counts()).toEqual({ hwids: 1, ips: 0, ranges: [] });
  expect(await remove(String(entryOf(made)["id"]))).toMatchObject({
    status: 200,
    body: { ok: true, data: { deleted: true } },
  });
  expect((await remove(String(entryOf(made)["id"]))).status).toBe(404);
  expect(await counts()).toEqual({ hwids: 0, ips: 0, ranges: [] });
});

test.each([
  ["203.0.113.007", "203.0.113.7"],
  ["203.0.113.010", "203.0.113.10"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:DB8:0:0::1", "2001:db8::1"],
  [" 203.0.113.7 ", "203.0.113.7"],
  ["203.0.113.7/32", "203.0.113.7"],
  ["203.0.113.99/24", "203.0.113.0/24"],
  ["2001:db8::1/32", "2001:db8::/32"],
  ["::ffff:203.0.113.9/120", "203.0.113.0/24"],
])("201 the address %s is filed as %s, and every spelling is one entry", async (given, filed) => {
  const made = await add({ type: "IP", value: given });
  expect([made.status, entryOf(made)["value"]]).toEqual([201, filed]);
  expect((await add({ type: "IP", value: filed })).status).toBe(200);
  expect(data(await list())["pagination"]).toMatchObject({ total: 1 });
  const range = { id: entryOf(made)["id"], cidr: filed, reason: null };
  expect(await counts()).toEqual(
    filed.includes("/") ? { hwids: 0, ips: 0, ranges: [range] } : { hwids: 0, ips: 1, ranges: [] },
  );
  await remove(String(entryOf(made)["id"]));
  expect(await counts()).toEqual({ hwids: 0, ips: 0, ranges: [] });
});

test.each([
  ["an address that is none", { type: "IP", value: "203.0.113.256" }, "value"],
  ["a short address", { type: "IP", value: "203.1" }, "value"],
  ["a zone", { type: "IP", value: "fe80::1%eth0" }, "value"],
  ["a range too long", { type: "IP", value: "203.0.113.0/33" }, "value"],
  ["two slashes", { type: "IP", value: "203.0.113.0/24/8" }, "value"],
  ["no value", { type: "HWID", value: "" }, "value"],
  ["a value too long", { type: "HWID", value: "x".repeat(257) }, "value"],
  ["another type", { type: "MAC", value: "x" }, "type"],
  ["a reason that is no text", { type: "HWID", value: "x", reason: 1 }, "reason"],
])("400 %s", async (_, body, field) => {
  expect(await add(body)).toMatchObject({
    status: 400,
    body: { ok: false, error: { code: "VALIDATION_ERROR", details: [{ path: field }] } },
  });
  expect(await counts()).toEqual({ hwids: 0, ips: 0, ranges: [] });
});

test("200 lists by type, a part of the value in any case, and page, newest first", async () => {
  for (const [type, value] of [
    ["HWID", "Alpha-1"],
    ["IP", "203.0.113.7"],
    ["HWID", "beta-1"],
    ["IP", "198.51.100.0/24"],
  ]) {
    world.clock.advance(1_000);
    await add({ type, value });
  }
  expect(valuesOf(await list())).toEqual(["198.51.100.0/24", "beta-1", "203.0.113.7", "Alpha-1"]);
  expect(valuesOf(await list({ type: "HWID" }))).toEqual(["beta-1", "Alpha-1"]);
  expect(valuesOf(await list({ search: "ALPHA" }))).toEqual(["Alpha-1"]);
  expect(valuesOf(await list({ type: "IP", search: "alpha" }))).toEqual([]);
  const second = await list({ page: "2", pageSize: "3" });
  expect(data(second)).toMatchObject({
    entries: [{ value: "Alpha-1" }],
    pagination: { page: 2, pageSize: 3, total: 4, totalPages: 2 },
  });
  expect((await list({ page: "0" })).status).toBe(400);
});

test("a page costs its items, however many there are", async () => {
  const { deps } = world;
  const entries = Array.from(
    { length: 200 },
    (_, n) => ({ type: "HWID", value: `h${n}` }) as const,
  );
  const { productId } = owner;
  await addBlacklistEntries(deps, { kind: "administrator" }, { productId, entries });
  expect(await counts()).toMatchObject({ hwids: 200 });
  await list();
  await list({ pageSize: "10" });
  // Besides the items: the key, the product, and where the next page begins.
  expect(world.touched()).toEqual({ reads: 12, writes: 1, aggregates: 1 });
});

test("403 and 404: scopes, the key's own product, and entries of others", async () => {
  const readOnly = await geckoKey(world, "prod_gecko", { scopes: ["blacklist:read"] });
  const writeOnly = await geckoKey(world, "prod_gecko", { scopes: ["blacklist:write"] });
  const other = await geckoKey(world, "prod_other");
  const stranger = await geckoKey(world, "prod_stranger", { creatorId: "studio" });
  const entry = { type: "HWID", value: "x" };
  const denied = (scope: string) => ({
    status: 403,
    body: {
      ok: false,
      error: {
        code: "PERMISSION_DENIED",
        message: `API key does not have permission: ${scope}`,
      },
    },
  });
  expect(await add(entry, readOnly)).toMatchObject(denied("blacklist:write"));
  expect(await list({}, writeOnly)).toMatchObject(denied("blacklist:read"));
  const made = await add(entry, writeOnly);
  const id = String(entryOf(made)["id"]);
  expect(await remove(id, readOnly)).toMatchObject(denied("blacklist:write"));
  for (const foreign of [other, stranger]) {
    expect(await list({}, foreign)).toMatchObject({
      status: 403,
      body: { error: { code: "FORBIDDEN", message: "API key is not bound to this product" } },
    });
    const ofTheirs = `DELETE ${path(`/${id}`, foreign.productId)}`;
    expect(await geckoCall(world, ofTheirs, foreign)).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND" } },
    });
  }
  expect(await counts()).toMatchObject({ hwids: 1 });
  expect((await geckoCall(world, `GET ${path()}`)).status).toBe(401);
});

test("403 a product has at most 200 ranges, and one that is there still takes a reason", async () => {
  const { productId } = owner;
  const ranges = Array.from({ length: 200 }, (_, n) => ({ type: "IP", value: `10.${n}.0.0/16` }));
  const entries = ranges as { type: "IP"; value: string }[];
  const ask = { productId, entries };
  await addBlacklistEntries(world.deps, { kind: "administrator" }, ask);
  const refused = await add({ type: "IP", value: "192.168.0.0/16" });
  expect(refused).toMatchObject({ status: 403, body: { error: { code: "LIMIT_EXCEEDED" } } });
  expect((await add({ ...ranges[3], reason: "why" })).status).toBe(200);
  expect((await add({ type: "IP", value: "192.168.0.1" })).status).toBe(201);
  const after = await counts();
  expect([after?.ranges.length, after?.ips]).toEqual([200, 1]);
  expect(after?.ranges).toContainEqual(
    expect.objectContaining({ cidr: "10.3.0.0/16", reason: "why" }),
  );
});

test("what comes twice in one call is one entry, the last of them", async () => {
  const { productId } = owner;
  const entries = ["a", "b"].map((reason) => ({ type: "IP", value: "::1", reason }) as const);
  const added = await addBlacklistEntries(
    world.deps,
    { kind: "administrator" },
    { productId, entries: [...entries, { type: "IP", value: "0:0::1", reason: "c" }] },
  );
  expect(added).toMatchObject({ ok: true, added: 1, entries: [{ value: "::1", reason: "c" }] });
  expect(await counts()).toEqual({ hwids: 0, ips: 1, ranges: [] });
});

test("nothing that is sent breaks it", async () => {
  const values = [
    "\u{1f600}".repeat(60),
    "__proto__",
    "a/b",
    "..",
    "💥/24",
    "0x7f.1",
    "[::1]",
    "::/0",
  ];
  for (const value of values) {
    for (const type of ["HWID", "IP"]) {
      expect((await add({ type, value })).status).toBeLessThan(500);
      expect((await list({ search: value })).status).toBeLessThan(500);
    }
  }
  expect(canonicalRange("::/0")).toBe("::/0");
});

test("an authorization is denied by what was added, however it was spelled, until it is deleted", async () => {
  const licenseKey = await world.license({ productId: "prod_gecko" });
  const asked = async (body: Json) => (await authorize(world, owner, { licenseKey, ...body })).body;
  const ids: string[] = [];
  for (const entry of [
    { type: "HWID", value: "bad", reason: "Chargeback fraud" },
    { type: "IP", value: "2001:DB8::0:1" },
    { type: "IP", value: "::ffff:198.51.100.0/120", reason: "A leak" },
  ]) {
    ids.push(String(entryOf(await add(entry))["id"]));
  }
  const byDevice = { reasonCode: "HWID_BLACKLISTED", message: "Chargeback fraud" };
  expect(await asked({ hwid: "bad" })).toMatchObject(byDevice);
  const byAddress = { reasonCode: "IP_BLACKLISTED", message: "IP address is blacklisted" };
  expect(await asked({ ip: "2001:db8:0::1" })).toMatchObject(byAddress);
  expect(await asked({ ip: "198.51.100.77" })).toMatchObject({ message: "A leak" });
  expect(await asked({ hwid: "BAD", ip: "198.51.101.1" })).toMatchObject({ allow: true });
  for (const id of ids) await remove(id);
  expect(await asked({ hwid: "bad", ip: "198.51.100.77" })).toMatchObject({ allow: true });
});

test("what is added and deleted is audited, without its hash", async () => {
  const made = await add({ type: "HWID", value: "x", reason: "why" });
  world.clock.advance(1);
  await remove(String(entryOf(made)["id"]));
  const { entries } = await world.admin("listAuditLog", { targetId: entryOf(made)["id"] });
  const [deleted, added] = entries as Json[];
  expect(deleted).toMatchObject({ action: "blacklist.delete", after: null });
  expect(added).toMatchObject({ action: "blacklist.add", after: { value: "x", reason: "why" } });
  expect(JSON.stringify([deleted, added])).not.toContain("valueHash");
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("40 add and then delete at once: the product's counts are the entries there are", async () => {
    const racing = await openGecko({ store: open() });
    const { productId, apiKey } = await geckoKey(racing);
    const by = { kind: "administrator" } as const;
    const value = (n: number) => (n % 2 ? `10.0.${n % 10}.0/24` : `203.0.113.${n % 10}`);
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        patiently(() =>
          addBlacklistEntries(racing.deps, by, {
            productId,
            entries: [
              { type: "IP", value: value(n) },
              { type: "HWID", value: `h${n % 7}` },
            ],
          }),
        ),
      ),
    );
    const after = await counts(productId, racing);
    expect([after?.hwids, after?.ips, after?.ranges.length]).toEqual([7, 5, 5]);
    const listed = await geckoCall(racing, `GET ${path("", productId)}`, { apiKey });
    expect(data(listed)["pagination"]).toMatchObject({ total: 17 });
    const entries = data(listed)["entries"] as { id: string }[];
    const deleted = await Promise.all(
      [...entries, ...entries].map(({ id: entryId }) =>
        patiently(() => deleteBlacklistEntry(racing.deps, by, { productId, entryId })),
      ),
    );
    expect(deleted.filter(({ ok }) => ok)).toHaveLength(17);
    expect(await counts(productId, racing)).toEqual({ hwids: 0, ips: 0, ranges: [] });
    await racing.close();
  }, 120_000);
});
