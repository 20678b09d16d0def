import { auditOf, licenseOf } from "../support/change-license.ts";
import { ADMIN_SECRET, type Json, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
});
afterEach(() => world.close());

const row = (licenseKey: string, more: Json = {}): Json => ({
  licenseKey,
  email: "a@example.com",
  productId: "prod_tools",
  ...more,
});
const run = (licenses: unknown[]) => world.admin("importLicenses", { licenses });
const shown = async (licenseKey: string) =>
  (await world.admin("getLicense", { licenseKey }))["license"] as Json;

test("200 a row is a license with its own key, terms and state", async () => {
  await world.admin("createVariant", { productId: "prod_tools", name: "pro", maxMachines: 9 });
  const terms = {
    licenseType: "floating",
    maxMachines: 4,
    maxConcurrent: 3,
    expiresAt: "2027-12-31T00:00:00.000Z",
    purchasedAt: "2020-01-01T00:00:00.000Z",
    purchaseId: "p-1",
    discountCode: "SALE",
    bundleId: "b",
    status: "degraded",
  };
  const answer = await run([
    row("Old-Shop/key #1", { ...terms, variant: "prod_tools-pro" }),
    row("7k3qz m9x2c 4tbwf 8n5rj p6hvd", { variant: "pro" }),
    row("gone", { status: "revoked" }),
  ]);
  expect(answer).toEqual({
    success: true,
    importedCount: 3,
    results: [
      { index: 0, ok: true, licenseKey: "Old-Shop/key #1" },
      { index: 1, ok: true, licenseKey: "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD" },
      { index: 2, ok: true, licenseKey: "gone" },
    ],
  });
  expect(await shown("Old-Shop/key #1")).toMatchObject({ ...terms, variant: "pro" });
  expect(await shown("7K3QZM9X2C4TBWF8N5RJP6HVD")).toMatchObject({ maxMachines: 9 });
  expect(await shown("gone")).toMatchObject({ status: "revoked", disputeReason: "manual" });
  const active = machine("7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD", "a");
  expect((await world.call("activate", active)).status).toBe(200);
});

test("200 a bad row has its own answer and stops no other", async () => {
  const { results, importedCount } = await run([
    row("a", { email: "nobody" }),
    row("b"),
    row("c", { productId: "prod_none" }),
    row("d", { typo: 1 }),
    "not a row",
    row("  "),
    { email: "a@example.com", productId: "prod_tools" },
    row("e", { unlockedProducts: ["prod_none"] }),
    row("f"),
  ]);
  const invalid = { ok: false, code: "INVALID_REQUEST" };
  expect(results).toEqual([
    { index: 0, ...invalid, error: "email: must be an e-mail address" },
    { index: 1, ok: true, licenseKey: "b" },
    { index: 2, ok: false, code: "PRODUCT_NOT_FOUND", error: "productId: no such product" },
    { index: 3, ...invalid, error: "typo: is not a field of this request" },
    { index: 4, ...invalid, error: "body: must be an object" },
    { index: 5, ...invalid, error: "licenseKey: must not be blank" },
    { index: 6, ...invalid, error: "licenseKey: is required" },
    { index: 7, ok: false, code: "PRODUCT_NOT_FOUND", error: "unlockedProducts: no such product" },
    { index: 8, ok: true, licenseKey: "f" },
  ]);
  expect(importedCount).toBe(2);
});

test("200 a repeat makes nothing twice and changes nothing", async () => {
  await run([row("a"), row("b")]);
  await world.admin("updateLicense", { licenseKey: "a", maxMachines: 9 });
  const before = [await licenseOf(world, "a"), await auditOf(world)];
  const again = await run([row("a"), row("b", { maxMachines: 5 }), row("c")]);
  expect(again).toMatchObject({
    importedCount: 1,
    results: [
      { ok: true, licenseKey: "a", code: "EXISTS" },
      { ok: true, licenseKey: "b", code: "EXISTS" },
      { index: 2, ok: true, licenseKey: "c" },
    ],
  });
  const written = (await auditOf(world)).filter(({ action }) => action === "license.import");
  expect(written).toHaveLength(3);
  expect(JSON.stringify(written)).not.toContain('"licenseKey"');
  expect(await licenseOf(world, "a")).toEqual(before[0]);
});

test("a key that is taken is told as taken and nothing else, whoever has it", async () => {
  await world.admin("createProduct", { name: "Extra", productId: "prod_extra" });
  await run([row("a")]);
  const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "other" });
  await world.call("createProduct", { apiKey, name: "x", productId: "prod_other" });
  const taken = {
    index: 0,
    ok: false,
    code: "LICENSE_KEY_TAKEN",
    error: "licenseKey: already taken",
  };
  const foreign = { apiKey, licenses: [row("a", { productId: "prod_other" })] };
  expect((await world.call("importLicenses", foreign)).body["results"]).toEqual([taken]);
  expect((await run([row("a", { productId: "prod_extra" })]))["results"]).toEqual([taken]);
  expect((await run([row("a", { email: "b@example.com" })]))["results"]).toEqual([taken]);
  expect(await shown("a")).toMatchObject({ email: "a@example.com", productId: "prod_tools" });
});

test("an account imports into its own products only", async () => {
  const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "other" });
  const reply = await world.call("importLicenses", { apiKey, licenses: [row("a")] });
  expect(reply).toMatchObject({ status: 200, body: { importedCount: 0 } });
  expect(reply.body["results"]).toMatchObject([{ ok: false, code: "PRODUCT_NOT_FOUND" }]);
});

test("one key many times in a call is one license", async () => {
  const { importedCount } = await run(Array.from({ length: 50 }, () => row("a")));
  expect(importedCount).toBe(1);
});

test("200 a thousand rows; 400 one more, or none", async () => {
  const rows = Array.from({ length: 1_001 }, (_, index) => row(`key-${index}`));
  expect(await run(rows.slice(1))).toMatchObject({ importedCount: 1_000 });
  const headers = { "x-admin-secret": ADMIN_SECRET };
  expect(await world.call("importLicenses", { licenses: rows }, { headers })).toMatchObject({
    status: 400,
    body: { error: "licenses: must hold at most 1000 licenses" },
  });
  expect(await world.call("importLicenses", { licenses: [] }, { headers })).toMatchObject({
    status: 400,
    body: { error: "licenses: must hold at least one license" },
  });
});

test("a repeat under the same Idempotency-Key gets the first answer", async () => {
  const headers = { "x-admin-secret": ADMIN_SECRET, "idempotency-key": "import-1" };
  const first = await world.call("importLicenses", { licenses: [row("a")] }, { headers });
  const again = await world.call("importLicenses", { licenses: [row("a")] }, { headers });
  expect(again.body).toEqual(first.body);
});
