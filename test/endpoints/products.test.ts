import { ADMIN_SECRET, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };

test("200 a product has the handle it was given and a UUID as 32 hex digits", async () => {
  const made = await world.admin("createProduct", {
    name: "Cloud Tools",
    productId: "prod_abc123",
  });
  expect(made).toEqual({
    success: true,
    productId: "prod_abc123",
    projectId: expect.stringMatching(/^[0-9a-f]{32}$/),
    slug: "cloud-tools",
  });
});

test("200 a handle and a slug are made up when left out, the slug again when it is taken", async () => {
  const first = await world.admin("createProduct", { name: "Café Größe" });
  const second = await world.admin("createProduct", { name: "Café Größe" });
  expect(first["productId"]).toMatch(/^prod_[0-9a-f]{12}$/);
  expect(first["slug"]).toBe("cafe-gro-e");
  expect(second["slug"]).toMatch(/^cafe-gro-e-[0-9a-f]{8}$/);
});

test("200 the handle, the UUID and its hex digits name the same product", async () => {
  const { projectId } = await world.admin("createProduct", { name: "x", productId: "prod_x" });
  const hex = String(projectId);
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  for (const productId of ["prod_x", uuid, uuid.toUpperCase(), hex]) {
    const key = String(
      (await world.admin("createLicense", { email: "a@example.com", productId }))["licenseKey"],
    );
    for (const asked of ["prod_x", uuid, hex]) {
      expect((await world.call("verify", { licenseKey: key, productId: asked })).status).toBe(200);
    }
    expect((await world.call("activate", machine(key, "a", hex.toUpperCase()))).status).toBe(200);
  }
});

test("409 a handle is taken service-wide, a slug in its account", async () => {
  await world.admin("createProduct", { name: "x", productId: "prod_x", slug: "x" });
  const again = (body: object) => world.call("createProduct", { name: "x", ...body }, { headers });
  expect(await again({ productId: "prod_x", creatorId: "b" })).toMatchObject({
    status: 409,
    body: { success: false, code: "PRODUCT_ID_TAKEN", error: "productId: already taken" },
  });
  expect(await again({ slug: "x" })).toMatchObject({ status: 409, body: { code: "SLUG_TAKEN" } });
  expect((await again({ slug: "x", creatorId: "b" })).status).toBe(200);
});

test("409 leaves nothing behind: the handle of a refused product is free", async () => {
  await world.admin("createProduct", { name: "x", slug: "x" });
  await world.call("createProduct", { name: "y", slug: "x", productId: "prod_y" }, { headers });
  expect(await world.admin("createProduct", { name: "y", productId: "prod_y" })).toBeTruthy();
});

test.each([
  [{}, "name: is required"],
  [{ name: 5 }, "name: must be a string"],
  [{ name: "x", slug: "Not A Slug" }, "slug: must be lower-case words joined by hyphens"],
  [{ name: "x", productId: "a/b" }, "productId: must start with a letter or digit"],
  [{ name: "x", productId: "5f0c2c1e-0000-4000-8000-00000000000a" }, "productId: must not have"],
  [{ name: "x", creatorId: "__admin__" }, "creatorId: must start with a letter or digit"],
  [{ name: "x", naem: "y" }, "naem: is not a field of this request"],
])("400 %j", async (body, error) => {
  expect(await world.call("createProduct", body, { headers })).toMatchObject({
    status: 400,
    body: { success: false, error: expect.stringContaining(error) },
  });
});

test("200 a variant's terms apply to licenses that leave them out", async () => {
  await world.admin("createProduct", { name: "x", productId: "prod_x" });
  expect(
    await world.admin("createVariant", {
      productId: "prod_x",
      name: "prod_x-studio",
      licenseType: "floating",
      maxConcurrent: 5,
      durationDays: 365,
    }),
  ).toEqual({ success: true, variantId: "prod_x-studio" });
  const key = await world.license({ productId: "prod_x", variant: "prod_x-studio" });
  expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({
    license: {
      variant: "studio",
      licenseType: "floating",
      maxConcurrent: 5,
      expiresAt: "2027-11-20T09:00:00.000Z",
    },
  });
  const own = await world.license({
    productId: "prod_x",
    variant: "studio",
    licenseType: "site",
    expiresAt: null,
  });
  expect(await world.admin("getLicense", { licenseKey: own })).toMatchObject({
    license: { licenseType: "site", expiresAt: null },
  });
});

test("404 and 409 of variants", async () => {
  await world.admin("createProduct", { name: "x", productId: "prod_x" });
  await world.admin("createVariant", { productId: "prod_x", name: "pro" });
  const make = (body: object) => world.call("createVariant", body, { headers });
  expect(await make({ productId: "prod_x", name: "PRO" })).toMatchObject({
    status: 409,
    body: { code: "VARIANT_TAKEN" },
  });
  expect(await make({ productId: "prod_y", name: "pro" })).toMatchObject({
    status: 404,
    body: { code: "PRODUCT_NOT_FOUND" },
  });
  expect((await make({ productId: "prod_x", name: "zero", maxMachines: 0 })).body["error"]).toBe(
    "maxMachines: must be -1 (unlimited) or at least 1",
  );
});
