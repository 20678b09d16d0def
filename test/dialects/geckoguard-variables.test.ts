import { deleteAppVariable } from "../../functions/src/operations/app-variables/delete-variable.ts";
import { listAppVariables } from "../../functions/src/operations/app-variables/list-variables.ts";
import {
  setAppVariables,
  type VariableAsk,
} from "../../functions/src/operations/app-variables/set-variables.ts";
import { variableCountId } from "../../functions/src/operations/app-variables/variable-ids.ts";
import { appVariableCounts } from "../../functions/src/store/collections.ts";
import { licenseOf } from "../support/change-license.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { DAY, type Json, type World } from "../support/world.ts";

const by = { kind: "administrator" } as const;
const PAGE = { page: 1, pageSize: 50 };

let world: World;
let owner: Owner;
let licenseKey: string;
let licenseId: string;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
  licenseKey = await world.license({ productId: "prod_gecko" });
  licenseId = await idOf(licenseKey);
});
afterEach(() => world.close());

const idOf = async (key: string) => (await licenseOf(world, key)).id;
const globally = (key: string, value = "v"): VariableAsk => ({
  ...{ scope: "GLOBAL", licenseId: null, key, value },
});
const ofUser = (key: string, value = "v", id = licenseId): VariableAsk => ({
  ...{ scope: "USER", licenseId: id, key, value },
});
const set = (variables: VariableAsk[], productId = owner.productId) =>
  setAppVariables(world.deps, by, { productId, variables });
const read = (query: Record<string, string> = {}, as = owner) =>
  geckoCall(world, "GET /v1/app-variables", as, { query });
const variablesOf = ({ body }: { body: Json }) => (body["data"] as Json)["variables"] as Json[];
const keysOf = (reply: { body: Json }) => variablesOf(reply).map(({ key }) => key);

test("200 the product's variables by key, and a license's for its key, in the reference's fields", async () => {
  await set([globally("server_url", "https://game.example.com:7777"), globally("Motd")]);
  await set([ofUser("name", "alice")]);
  const all = await read({ productId: owner.productId, scope: "GLOBAL" });
  expect(all.status).toBe(200);
  expect(all.body).toEqual({
    ok: true,
    data: {
      variables: [
        expect.objectContaining({ key: "Motd" }),
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          scope: "GLOBAL",
          licenseId: null,
          key: "server_url",
          value: "https://game.example.com:7777",
          updatedAt: "2026-11-20T09:00:00.000Z",
        },
      ],
    },
  });
  expect(keysOf(await read())).toEqual(["Motd", "server_url"]);
  const own = await read({ scope: "USER", licenseKey });
  expect(variablesOf(own)).toMatchObject([
    { scope: "USER", licenseId, key: "name", value: "alice" },
  ]);
  expect(keysOf(await read({ licenseKey }))).toEqual(["name"]);
});

test("200 of a license that does not stand nothing is shown, and 404 of one that is not the product's", async () => {
  await set([ofUser("name")]);
  const other = await world.license({ productId: "prod_other" });
  const expiresAt = new Date(world.clock.now() + DAY).toISOString();
  await world.admin("updateLicense", { licenseKey, expiresAt });
  expect(keysOf(await read({ licenseKey }))).toEqual(["name"]);
  world.clock.advance(DAY);
  expect(keysOf(await read({ licenseKey }))).toEqual([]);
  await world.admin("updateLicense", { licenseKey, expiresAt: null });
  await world.admin("revokeLicense", { licenseKey });
  expect(keysOf(await read({ licenseKey }))).toEqual([]);
  for (const key of [other, "NO-SUCH-KEY"]) {
    expect(await read({ licenseKey: key })).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND" } },
    });
  }
});

test.each<[string, Record<string, string>, string]>([
  ["USER without a key", { scope: "USER" }, "licenseKey"],
  ["another scope", { scope: "global" }, "scope"],
  ["a product that is no UUID", { productId: "prod_gecko" }, "productId"],
])("400 %s", async (_, query, field) => {
  expect(await read(query)).toMatchObject({
    status: 400,
    body: { error: { code: "VALIDATION_ERROR", details: [{ path: field }] } },
  });
});

test("403 another product, and a key that may not", async () => {
  const other = await geckoKey(world, "prod_other", { scopes: ["variable:read"] });
  expect(await read({ productId: owner.productId }, other)).toMatchObject({
    status: 403,
    body: { error: { code: "FORBIDDEN", message: "API key is not bound to this product" } },
  });
  const unable = await geckoKey(world, "prod_gecko", { scopes: ["version:read"] });
  expect(await read({}, unable)).toMatchObject({
    status: 403,
    body: { error: { code: "PERMISSION_DENIED" } },
  });
  await set([globally("a")]);
  expect(keysOf(await read({}, other))).toEqual([]);
});

test("a read costs the variables that it shows", async () => {
  await set(Array.from({ length: 40 }, (_, n) => globally(`k${n}`)));
  await set([ofUser("a"), ofUser("b")]);
  await read();
  await read({ licenseKey });
  expect(world.touched()).toEqual({ reads: 4, writes: 0, aggregates: 0 });
  await read();
  expect(world.touched()).toEqual({ reads: 41, writes: 0, aggregates: 0 });
});

test("a variable is one for product, scope, license and key: a second value takes the first one's place", async () => {
  const other = await idOf(await world.license({ productId: "prod_gecko" }));
  const first = await set([globally("a", "1"), ofUser("a", "2"), ofUser("a", "3", other)]);
  world.clock.advance(1);
  const second = await set([globally("a", "4"), globally("A", "5")]);
  if (!first.ok || !second.ok) throw new Error("refused");
  expect(second.variables[0]?.id).toBe(first.variables[0]?.id);
  expect(variablesOf(await read())).toMatchObject([
    { key: "A", value: "5" },
    { key: "a", value: "4" },
  ]);
  expect(variablesOf(await read({ licenseKey }))).toMatchObject([{ value: "2" }]);
  const listed = await listAppVariables(world.deps, by, { ...owner, ...PAGE });
  expect(listed).toMatchObject({ ok: true, total: 4 });
  const ofOne = await listAppVariables(world.deps, by, { ...owner, ...PAGE, licenseId: other });
  expect(ofOne).toMatchObject({ ok: true, total: 1, variables: [{ value: "3" }] });
});

test("a license of another product or account takes no variable, and neither does a foreign product", async () => {
  const other = await idOf(await world.license({ productId: "prod_other" }));
  expect(await set([ofUser("a", "v", other)])).toMatchObject({ code: "LICENSE_NOT_FOUND" });
  expect(await set([ofUser("a", "v", owner.productId)])).toMatchObject({
    code: "LICENSE_NOT_FOUND",
  });
  const stranger = {
    kind: "account",
    accountId: "x",
    keyId: "k",
    scopes: null,
    productIds: null,
  } as const;
  const ask = { productId: owner.productId, variables: [globally("a")] };
  expect(await setAppVariables(world.deps, stranger, ask)).toMatchObject({
    code: "PRODUCT_NOT_FOUND",
  });
  const made = await set([globally("a")]);
  const variableId = (made.ok && made.variables[0]?.id) || "";
  for (const [principal, productId] of [
    [stranger, owner.productId],
    [by, (await geckoKey(world, "prod_other")).productId],
  ] as const) {
    const deleted = await deleteAppVariable(world.deps, principal, { productId, variableId });
    expect(deleted.ok).toBe(false);
  }
  expect(keysOf(await read())).toEqual(["a"]);
});

test("nothing that is sent breaks it", async () => {
  for (const text of ["", "\0", "💥".repeat(90), "__proto__", "../..", "'", "%"]) {
    for (const field of ["productId", "scope", "licenseKey", "page"]) {
      expect((await read({ [field]: text })).status).toBeLessThan(500);
    }
  }
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("a product has at most 1,000 variables in a scope, whoever sets them at once", async () => {
    const racing = await openGecko({ store: open() });
    const { productId } = await geckoKey(racing);
    const lot = (from: number) => ({
      productId,
      variables: Array.from({ length: 100 }, (_, n) => globally(`k${from + n}`)),
    });
    for (let from = 0; from < 900; from += 100) await setAppVariables(racing.deps, by, lot(from));
    const last = await Promise.all(
      [900, 900, 1000, 1100].map((from) =>
        patiently(() => setAppVariables(racing.deps, by, lot(from))),
      ),
    );
    const refused = last.flatMap((one) => (one.ok ? [] : [one.code]));
    expect(new Set(refused)).toEqual(new Set(["APP_VARIABLES_TOO_MANY"]));
    const listed = await listAppVariables(racing.deps, by, { productId, ...PAGE });
    expect(listed).toMatchObject({ ok: true, total: 1_000 });
    const [first] = (listed.ok && listed.variables) || [];
    const gone = { productId, variableId: first?.id ?? "" };
    const deleted = await Promise.all(
      [gone, gone].map((ask) => patiently(() => deleteAppVariable(racing.deps, by, ask))),
    );
    expect(deleted.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const one = { productId, variables: [globally("one")] };
    expect(await setAppVariables(racing.deps, by, one)).toMatchObject({ ok: true });
    const more = { productId, variables: [globally("more")] };
    expect(await setAppVariables(racing.deps, by, more)).toMatchObject({ ok: false });
    await racing.close();
  }, 120_000);
});

test("a license that is deleted takes its variables with it, and others have their room", async () => {
  const other = await idOf(await world.license({ productId: "prod_gecko" }));
  const fill = async (count: number) => {
    for (let from = 0; from < count; from += 100) {
      const lot = Array.from({ length: Math.min(100, count - from) }, (_, n) => `k${from + n}`);
      await set(lot.map((key) => ofUser(key)));
    }
  };
  await set([globally("stays"), ofUser("stays", "v", other)]);
  await fill(999);
  const more = ["a", "b"].map((key) => ofUser(key, "v", other));
  expect(await set(more)).toMatchObject({ code: "APP_VARIABLES_TOO_MANY" });
  const route = `DELETE /v1/products/${owner.productId}/licenses/${licenseId}`;
  expect((await geckoCall(world, route, owner)).status).toBe(200);
  const left = await listAppVariables(world.deps, by, { productId: owner.productId, ...PAGE });
  expect(left).toMatchObject({ total: 2, variables: [{ key: "stays" }, { key: "stays" }] });
  expect(await set(more)).toMatchObject({ ok: true });
  const counted = await world.store.get(
    appVariableCounts,
    variableCountId(owner.productId, "USER"),
  );
  expect(counted).toMatchObject({ count: 3 });
});
