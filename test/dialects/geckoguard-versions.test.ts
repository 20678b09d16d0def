import { createAppVersion } from "../../functions/src/operations/app-versions/create-version.ts";
import { deleteAppVersion } from "../../functions/src/operations/app-versions/delete-version.ts";
import { listAppVersions } from "../../functions/src/operations/app-versions/list-versions.ts";
import { updateAppVersion } from "../../functions/src/operations/app-versions/update-version.ts";
import type { Principal } from "../../functions/src/operations/principal.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import type { Json, World } from "../support/world.ts";

const by = { kind: "administrator" } as const;
const stranger: Principal = {
  kind: "account",
  accountId: "x",
  keyId: "k",
  scopes: null,
  productIds: null,
};
const PAGE = { page: 1, pageSize: 50 };

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

type More = Partial<Parameters<typeof createAppVersion>[2]>;
const create = (version: string, more: More = {}, on = world) =>
  createAppVersion(on.deps, by, {
    productId: owner.productId,
    version,
    ...{ changelog: "", fileHashes: {}, downloadUrl: null, forceUpdate: false, current: false },
    ...more,
  });
const made = async (version: string, more: More = {}, on = world) => {
  const created = await patiently(() => create(version, more, on));
  if (!created.ok) throw new Error(created.code);
  return created.version.id;
};
const listed = async (productId = owner.productId, on = world) => {
  const list = await listAppVersions(on.deps, by, { productId, ...PAGE });
  return list.ok ? list.versions.map((one) => [one.version.version, one.current]) : [];
};
const check = (currentVersion: unknown, more: Json = {}, as = owner) =>
  geckoCall(world, "POST /v1/app-versions/check-update", as, {
    body: { productId: owner.productId, currentVersion, ...more },
  });
const data = ({ body }: { body: Json }) => body["data"] as Json;

test("200 what a client is to have, in the reference's fields, for four reads", async () => {
  await made("2.0.0", { fileHashes: { "app.exe": "sha256-old" } });
  const downloadUrl = "https://releases.example.com/v2.1.0/setup.exe";
  await made("2.1.0", { changelog: "Bug fixes", downloadUrl, current: true });
  await check("2.0.0");
  const reply = await check("2.0.0", { fileHashes: { "app.exe": "sha256-new" } });
  expect([reply.status, reply.body]).toEqual([
    200,
    {
      ok: true,
      data: {
        updateAvailable: true,
        forceUpdate: false,
        currentVersion: "2.0.0",
        latestVersion: "2.1.0",
        changelog: "Bug fixes",
        downloadUrl,
        integrity: { checked: true, valid: false, mismatches: ["app.exe"] },
      },
    },
  ]);
  expect(world.touched()).toEqual({ reads: 4, writes: 0, aggregates: 0 });
  expect(data(await check("2.1.0"))).toMatchObject({ updateAvailable: false, forceUpdate: false });
  expect(data(await check("3.0.0"))).toMatchObject({ updateAvailable: true });
});

test("200 nothing is to be had of a product without versions, or without a current one", async () => {
  const nothing = {
    ...{ updateAvailable: false, forceUpdate: false, currentVersion: "1.0.0" },
    ...{ latestVersion: null, changelog: null, downloadUrl: null },
    integrity: { checked: false, valid: null, mismatches: [] },
  };
  expect(data(await check("1.0.0"))).toEqual(nothing);
  await made("1.1.0");
  expect(data(await check("1.0.0"))).toEqual(nothing);
});

test("200 an update is forced while a newer version is", async () => {
  const forced = await made("2.1.0", { forceUpdate: true });
  await made("2.2.0", { current: true });
  expect(data(await check("2.0.0"))).toMatchObject({ forceUpdate: true, latestVersion: "2.2.0" });
  expect(data(await check("2.1.0"))).toMatchObject({ forceUpdate: false, updateAvailable: true });
  await updateAppVersion(world.deps, by, {
    ...{ productId: owner.productId, versionId: forced, forceUpdate: false },
  });
  expect(data(await check("2.0.0"))).toMatchObject({ forceUpdate: false });
  await updateAppVersion(world.deps, by, {
    ...{ productId: owner.productId, versionId: forced, forceUpdate: true },
  });
  await deleteAppVersion(world.deps, by, { productId: owner.productId, versionId: forced });
  expect(data(await check("2.0.0"))).toMatchObject({ forceUpdate: false });
});

test("a version is current until another is, it says so no more, or it is deleted", async () => {
  const { productId } = owner;
  const first = await made("1.0.0", { current: true });
  world.clock.advance(1);
  const second = await made("1.1.0", { current: true });
  expect(await listed()).toEqual([
    ["1.1.0", true],
    ["1.0.0", false],
  ]);
  const current = async () => data(await check("0.0.0"))["latestVersion"];
  await updateAppVersion(world.deps, by, { productId, versionId: first, current: true });
  expect(await current()).toBe("1.0.0");
  await updateAppVersion(world.deps, by, { productId, versionId: second, current: false });
  await updateAppVersion(world.deps, by, { productId, versionId: first, changelog: "x" });
  expect(await current()).toBe("1.0.0");
  await updateAppVersion(world.deps, by, { productId, versionId: first, current: false });
  expect(await current()).toBeNull();
  await updateAppVersion(world.deps, by, { productId, versionId: second, current: true });
  await deleteAppVersion(world.deps, by, { productId, versionId: second });
  expect(await current()).toBeNull();
  expect(await create("1.0.0")).toMatchObject({ ok: false, code: "APP_VERSION_TAKEN" });
  expect(await create("1.1.0", { current: true })).toMatchObject({ ok: true, current: true });
});

test("a foreign version is none", async () => {
  const { productId } = owner;
  const versionId = await made("1.0.0");
  const other = (await geckoKey(world, "prod_other")).productId;
  const asks = [
    [stranger, productId],
    [by, other],
  ] as const;
  for (const [principal, of] of asks) {
    const reference = { productId: of, versionId };
    expect(
      (await updateAppVersion(world.deps, principal, { ...reference, current: true })).ok,
    ).toBe(false);
    expect((await deleteAppVersion(world.deps, principal, reference)).ok).toBe(false);
  }
  expect(await listed()).toEqual([["1.0.0", false]]);
});

test.each<[string, Json, string]>([
  ["no version", { currentVersion: undefined }, "currentVersion"],
  ["a version too long", { currentVersion: "1".repeat(65) }, "currentVersion"],
  ["no product", { productId: undefined }, "productId"],
  ["hashes that are none", { fileHashes: ["a"] }, "fileHashes"],
  ["a hash that is no text", { fileHashes: { a: 1 } }, "fileHashes.a"],
])("400 %s", async (_, more, field) => {
  expect(await check("1.0.0", more)).toMatchObject({
    status: 400,
    body: { error: { code: "VALIDATION_ERROR", details: [{ path: field }] } },
  });
});

test("403 another product's key, and one without the scope", async () => {
  const other = await geckoKey(world, "prod_other");
  expect(await check("1.0.0", {}, other)).toMatchObject({
    status: 403,
    body: { error: { code: "FORBIDDEN", message: "API key is not bound to this product" } },
  });
  const unable = await geckoKey(world, "prod_gecko", { scopes: ["variable:read"] });
  expect(await check("1.0.0", {}, unable)).toMatchObject({
    status: 403,
    body: { error: { message: "API key does not have permission: version:read" } },
  });
});

test("nothing that is sent breaks it", async () => {
  for (const version of [
    "\0",
    "💥".repeat(30),
    "__proto__",
    "1.0.0-\u202e",
    `${"9".repeat(60)}.0.0`,
  ]) {
    expect((await check(version)).status).toBeLessThan(500);
    expect((await check("1.0.0", { fileHashes: { [version]: version } })).status).toBeLessThan(500);
  }
  expect((await check({})).status).toBe(400);
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("20 made current at once: one is, and each is there once", async () => {
    const racing = await openGecko({ store: open() });
    const { productId } = await geckoKey(racing);
    const more = { productId, current: true };
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, n) => made(`1.${n}.0`, more, racing)),
    );
    const again = await Promise.all(
      Array.from({ length: 10 }, (_, n) => patiently(() => create(`1.${n}.0`, more, racing))),
    );
    expect(again.every(({ ok }) => !ok)).toBe(true);
    await Promise.all(
      ids.map((versionId) =>
        patiently(() => updateAppVersion(racing.deps, by, { productId, versionId, current: true })),
      ),
    );
    const list = await listed(productId, racing);
    expect(list).toHaveLength(10);
    expect(list.filter(([, current]) => current)).toHaveLength(1);
    await racing.close();
  }, 120_000);
});
