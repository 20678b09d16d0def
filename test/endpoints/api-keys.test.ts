import { ADMIN_SECRET, type Json, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function keyOf(creatorId: string) {
  return String((await world.admin("createApiKey", { name: "k", creatorId }))["apiKey"]);
}

test("200 the secret is prefixed and shown once", async () => {
  expect(await world.admin("createApiKey", { name: "shop", creatorId: "studio" })).toEqual({
    success: true,
    keyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    apiKey: expect.stringMatching(/^cgls_[\w-]{32}$/),
  });
});

test("a key works in the body, in the query and as a header", async () => {
  const apiKey = await keyOf("studio");
  const ways: [Json, object][] = [
    [{ apiKey }, {}],
    [{}, { query: { apiKey } }],
    [{}, { headers: { "X-API-Key": apiKey } }],
  ];
  for (const [body, options] of ways) {
    const reply = await world.call("createProduct", { name: "x", ...body }, options);
    expect(reply.status).toBe(200);
  }
});

test("adminSecret works in the body and as a header", async () => {
  const body = { name: "x", adminSecret: ADMIN_SECRET };
  expect((await world.call("createProduct", body)).status).toBe(200);
  const headers = { "x-admin-secret": ADMIN_SECRET };
  expect((await world.call("createProduct", { name: "x" }, { headers })).status).toBe(200);
});

test("what a key makes is its account's; it cannot choose another", async () => {
  const apiKey = await keyOf("studio");
  const product = { name: "x", productId: "prod_x", apiKey };
  expect(await world.call("createProduct", { ...product, creatorId: "other" })).toMatchObject({
    status: 400,
    body: { code: "ACCOUNT_FIXED" },
  });
  expect((await world.call("createProduct", { ...product, creatorId: "studio" })).status).toBe(200);
  expect(
    (await world.call("createLicense", { email: "a@example.com", productId: "prod_x", apiKey }))
      .status,
  ).toBe(200);
});

test("404 another account's product and license look absent", async () => {
  const [mine, theirs] = [await keyOf("mine"), await keyOf("theirs")];
  await world.call("createProduct", { name: "x", productId: "prod_x", apiKey: mine });
  const license = { email: "a@example.com", productId: "prod_x" };
  const { body } = await world.call("createLicense", { ...license, apiKey: mine });
  const licenseKey = String(body["licenseKey"]);
  const asThem = (name: string, ask: Json) => world.call(name, { ...ask, apiKey: theirs });
  expect((await asThem("createLicense", license)).status).toBe(404);
  expect((await asThem("createVariant", { productId: "prod_x", name: "pro" })).status).toBe(404);
  const foreign = await asThem("getLicense", { licenseKey });
  const absent = await asThem("getLicense", { licenseKey: "nope" });
  expect(foreign.status).toBe(404);
  expect(foreign.body).toEqual(absent.body);
});

test("403 only the admin secret makes keys", async () => {
  const apiKey = await keyOf("studio");
  expect(await world.call("createApiKey", { name: "k", apiKey })).toMatchObject({
    status: 403,
    body: { success: false, code: "FORBIDDEN" },
  });
});

test("400 kinds this server does not have yet", async () => {
  const headers = { "x-admin-secret": ADMIN_SECRET };
  expect(await world.call("createApiKey", { name: "k", kind: "x" }, { headers })).toMatchObject({
    status: 400,
    body: { error: 'kind: must be "native"' },
  });
});
