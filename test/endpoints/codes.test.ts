import { auditEntries } from "../../functions/src/store/collections.ts";
import { ADMIN_SECRET, DAY, type Json, MINUTE, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const ask = (name: string, body: Json) => world.call(name, body, { headers });
const keyOf = async (creatorId: string) =>
  String((await world.admin("createApiKey", { name: "k", creatorId }))["apiKey"]);
const trial = (more: Json = {}) =>
  world.admin("createTrialCode", { code: "SPRING-K7X4", productId: "prod_tools", ...more });
const redeem = (more: Json = {}) =>
  ask("redeemTrialCode", { code: "SPRING-K7X4", email: "a@example.com", ...more });
const listed = async (name: string, body: Json = {}) =>
  (await world.admin(name, body))["codes"] as Json[];
const named = async (name: string, body: Json = {}) =>
  (await listed(name, body)).map(({ code }) => code);

test("200 a trial code has the contract's defaults and shape", async () => {
  expect(await trial({ code: " Spring-K7X4 " })).toEqual({ success: true, code: "Spring-K7X4" });
  expect(await world.admin("listTrialCodes", {})).toEqual({
    success: true,
    codes: [
      {
        code: "Spring-K7X4",
        productId: "prod_tools",
        trialDays: 14,
        maxUses: null,
        usedCount: 0,
        expiresAt: null,
        active: true,
        createdAt: "2026-11-20T09:00:00.000Z",
        creatorId: "default",
      },
    ],
    nextCursor: null,
  });
});

test("200 both sets of functions show the codes there are, discounts with what they take off", async () => {
  await trial({ trialDays: 30, maxUses: 5 });
  world.clock.advance(1_000);
  await world.admin("createDiscountCode", { code: "TRY", trialDays: 7, maxUses: -1 });
  world.clock.advance(1_000);
  await world.admin("createDiscountCode", { code: "HALF", percentOff: 50, trialDays: 3 });
  world.clock.advance(1_000);
  const cash = { code: "CASH", amountOff: 9.99, currency: "eur", productId: "" };
  await world.admin("createDiscountCode", cash);
  expect(await named("listTrialCodes")).toEqual(["TRY", "SPRING-K7X4"]);
  const blank = { percentOff: null, amountOff: null, currency: null, trialDays: null };
  expect(await listed("listDiscountCodes")).toMatchObject([
    { ...blank, code: "CASH", kind: "discount", amountOff: 9.99, currency: "EUR", productId: null },
    { ...blank, code: "HALF", kind: "discount", percentOff: 50, trialDays: 3 },
    { ...blank, code: "TRY", kind: "trial", trialDays: 7, maxUses: null },
    { ...blank, code: "SPRING-K7X4", kind: "trial", trialDays: 30, maxUses: 5 },
  ]);
});

test("200 a product's list has its codes and those for every product, page by page", async () => {
  await world.admin("createProduct", { name: "Other", productId: "prod_other" });
  for (const [code, productId] of [
    ["A", "prod_tools"],
    ["B", "prod_other"],
    ["C", null],
    ["D", "prod_tools"],
  ]) {
    await world.admin("createTrialCode", { code, productId });
    world.clock.advance(1_000);
  }
  for (const list of ["listTrialCodes", "listDiscountCodes"]) {
    expect(await named(list, { productId: "prod_tools" })).toEqual(["D", "C", "A"]);
    for (const filter of [{ productId: "prod_tools" }, {}]) {
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const query = { ...filter, limit: "2", ...(cursor ? { cursor } : {}) };
        const { body } = await world.call(list, undefined, { method: "GET", query, headers });
        const page = body["codes"] as Json[];
        // The handle and the product that the filter names cost two.
        const named = "productId" in filter ? 2 : 0;
        expect(world.touched()).toMatchObject({ reads: Math.max(1, page.length) + named });
        seen.push(...page.map(({ code }) => code));
        cursor = body["nextCursor"] as string | undefined;
      } while (cursor);
      expect(seen).toEqual(await named(list, filter));
    }
  }
});

test("409 a code is taken in every spelling and by either kind, in its own account", async () => {
  await trial();
  const taken = { status: 409, body: { success: false, code: "CODE_TAKEN" } };
  expect(await ask("createTrialCode", { code: " spring-k7x4" })).toMatchObject(taken);
  const discount = { code: "Spring-K7x4", percentOff: 5 };
  expect(await ask("createDiscountCode", discount)).toMatchObject(taken);
  expect((await ask("createTrialCode", { code: "SPRING-K7X4", creatorId: "b" })).status).toBe(200);
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      ask(index % 2 ? "createTrialCode" : "createDiscountCode", { code: "ONE", trialDays: 3 }),
    ),
  );
  expect(many.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(many.filter(({ status }) => status === 409)).toHaveLength(19);
});

test("200 an update changes what is given; a deleted code can be made anew", async () => {
  await trial({ maxUses: 5 });
  const changed = { active: false, maxUses: -1, expiresAt: "2027-01-01T00:00:00Z", trialDays: 3 };
  expect(await world.admin("updateTrialCode", { code: "spring-k7x4", ...changed })).toEqual({
    success: true,
  });
  const [code] = await listed("listTrialCodes");
  const after = { ...changed, maxUses: null, expiresAt: "2027-01-01T00:00:00.000Z" };
  expect(code).toMatchObject(after);
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", active: false });
  expect(world.touched().writes).toBe(0);
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", expiresAt: null, maxUses: 9 });
  expect(await listed("listTrialCodes")).toMatchObject([{ expiresAt: null, maxUses: 9 }]);
  expect(await world.admin("deleteTrialCode", { code: "spring-k7x4" })).toEqual({ success: true });
  expect(await listed("listTrialCodes")).toEqual([]);
  expect(await ask("deleteTrialCode", { code: "SPRING-K7X4" })).toMatchObject({
    status: 404,
    body: { code: "CODE_NOT_FOUND" },
  });
  await trial();
});

test("200 a new discount replaces the one before; trial functions do not see it", async () => {
  await world.admin("createDiscountCode", { code: "SALE", percentOff: 50 });
  await world.admin("updateDiscountCode", { code: "SALE", amountOff: 5, currency: "USD" });
  expect(await listed("listDiscountCodes")).toMatchObject([
    { percentOff: null, amountOff: 5, currency: "USD", kind: "discount" },
  ]);
  for (const name of ["updateTrialCode", "deleteTrialCode"]) {
    expect((await ask(name, { code: "SALE" })).status).toBe(404);
  }
  expect((await redeem({ code: "SALE", productId: "prod_tools" })).body).toMatchObject({
    code: "CODE_NOT_FOUND",
  });
  await world.admin("deleteDiscountCode", { code: "sale" });
  expect(await listed("listDiscountCodes")).toEqual([]);
});

test.each([
  ["createTrialCode", {}, "code: is required"],
  ["createTrialCode", { code: "   " }, "code: must not be empty"],
  ["createTrialCode", { code: "x".repeat(65) }, "code: must be at most 64 characters"],
  ["createTrialCode", { code: "X", trialDays: 0 }, "trialDays: must be at least 1"],
  ["createTrialCode", { code: "X", trialDays: 3_651 }, "trialDays: must be at most 3650"],
  ["createTrialCode", { code: "X", maxUses: 0 }, "maxUses: must be a whole number of at least 1"],
  ["createTrialCode", { code: "X", percentOff: 5 }, "percentOff: is not a field of this request"],
  ["createDiscountCode", { code: "X" }, "body: must have percentOff, amountOff or trialDays"],
  ["createDiscountCode", { code: "X", percentOff: 0 }, "percentOff: must be from 1 to 100"],
  ["createDiscountCode", { code: "X", percentOff: 101 }, "percentOff: must be from 1 to 100"],
  ["createDiscountCode", { code: "X", amountOff: 5 }, "currency: is required"],
  ["createDiscountCode", { code: "X", amountOff: 0, currency: "EUR" }, "amountOff: must be more"],
  ["createDiscountCode", { code: "X", amountOff: 0.001, currency: "EUR" }, "amountOff: must have"],
  ["createDiscountCode", { code: "X", amountOff: 5, currency: "EURO" }, "currency: must be an ISO"],
  ["createDiscountCode", { code: "X", percentOff: 5, currency: "EUR" }, "currency: goes with"],
  [
    "createDiscountCode",
    { code: "X", percentOff: 5, amountOff: 5, currency: "EUR" },
    "amountOff: must not come with percentOff",
  ],
  ["updateDiscountCode", { code: "X", amountOff: 5 }, "currency: is required"],
  ["updateTrialCode", { code: "X", usedCount: 0 }, "usedCount: is not a field of this request"],
  ["redeemTrialCode", { code: "X", email: "nobody" }, "email: must be an e-mail address"],
])("400 %s %j", async (name, body, error) => {
  expect(await ask(name, body)).toMatchObject({
    status: 400,
    body: { success: false, error: expect.stringContaining(error) },
  });
});

test("200 redeeming makes a trial license and counts, for five reads and eight writes", async () => {
  await trial({ trialDays: 30, maxUses: 2 });
  const cost = { reads: 5, writes: 8, aggregates: 0 };
  const { status, body } = await redeem({ email: " A@Example.com", code: "spring-k7x4" });
  expect(world.touched()).toEqual(cost);
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      success: true,
      licenseKey: expect.stringMatching(/^[0-9A-Z]{5}(-[0-9A-Z]{5}){4}$/),
      expiresAt: "2026-12-20T09:00:00.000Z",
    },
  });
  expect(await world.admin("getLicense", { licenseKey: body["licenseKey"] })).toMatchObject({
    license: {
      email: "a@example.com",
      productId: "prod_tools",
      variant: "trial",
      licenseType: "per-machine",
      maxMachines: 2,
      expiresAt: "2026-12-20T09:00:00.000Z",
      discountCode: "SPRING-K7X4",
    },
  });
  expect(await listed("listTrialCodes")).toMatchObject([{ usedCount: 1 }]);
  expect((await redeem({ email: "b@example.com", productId: "prod_tools" })).status).toBe(200);
  // A product in the request is looked up by its handle.
  expect(world.touched()).toEqual({ ...cost, reads: 7 });
  world.clock.advance(30 * DAY);
  const ended = { licenseKey: body["licenseKey"], productId: "prod_tools" };
  expect((await world.call("verify", ended)).body["code"]).toBe("LICENSE_EXPIRED");
});

test("200 a variant named trial sets the other terms", async () => {
  const terms = { licenseType: "floating", maxConcurrent: 9, durationDays: 365 };
  await world.admin("createVariant", { productId: "prod_tools", name: "trial", ...terms });
  await trial();
  const { licenseKey } = (await redeem()).body;
  expect(await world.admin("getLicense", { licenseKey })).toMatchObject({
    license: { licenseType: "floating", maxConcurrent: 9, expiresAt: "2026-12-04T09:00:00.000Z" },
  });
});

test("a code that is not good is refused and changes nothing", async () => {
  expect(await redeem()).toMatchObject({ status: 404, body: { code: "CODE_NOT_FOUND" } });
  await trial({ maxUses: 1, active: false, expiresAt: "2026-11-20T09:01:00Z" });
  const refused = async (status: number, code: string, more: Json = {}) => {
    expect(await redeem(more)).toMatchObject({ status, body: { success: false, code } });
    expect(world.touched().writes).toBe(0);
  };
  await refused(403, "CODE_DISABLED");
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", active: true });
  world.clock.advance(MINUTE);
  await refused(403, "CODE_EXPIRED");
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", expiresAt: null });
  await world.admin("createProduct", { name: "Other", productId: "prod_other" });
  await refused(404, "CODE_NOT_FOUND", { productId: "prod_other" });
  await refused(404, "PRODUCT_NOT_FOUND", { productId: "prod_none" });
  await world.admin("updateProduct", { productId: "prod_tools", status: "archived" });
  await refused(409, "PRODUCT_ARCHIVED");
  await world.admin("updateProduct", { productId: "prod_tools", status: "live" });
  expect((await redeem()).status).toBe(200);
  await refused(403, "CODE_USED_UP", { email: "b@example.com" });
});

test("409 one trial for each address and product, whatever the code and even if it was deleted", async () => {
  await world.admin("createTrialCode", { code: "ALL" });
  await trial();
  await world.admin("createProduct", { name: "Other", productId: "prod_other" });
  expect((await redeem()).status).toBe(200);
  const again = { status: 409, body: { code: "TRIAL_ALREADY_REDEEMED" } };
  expect(await redeem({ email: "A@example.com " })).toMatchObject(again);
  expect(await redeem({ code: "ALL", productId: "prod_tools" })).toMatchObject(again);
  expect((await redeem({ code: "ALL", productId: "prod_other" })).status).toBe(200);
  expect(await redeem({ code: "ALL" })).toMatchObject({
    status: 400,
    body: { code: "CODE_NEEDS_PRODUCT", error: expect.stringContaining("productId") },
  });
  await world.admin("deleteTrialCode", { code: "SPRING-K7X4" });
  await trial();
  expect(await redeem()).toMatchObject(again);
});

test("a retry under one Idempotency-Key is one use and one key", async () => {
  await trial();
  const body = { code: "SPRING-K7X4", email: "a@example.com" };
  const options = { headers: { ...headers, "idempotency-key": "retry-1" } };
  const first = await world.call("redeemTrialCode", body, options);
  const second = await world.call("redeemTrialCode", body, options);
  expect(second.body).toEqual(first.body);
  expect(second.body["success"]).toBe(true);
  expect(await listed("listTrialCodes")).toMatchObject([{ usedCount: 1 }]);
});

test("codes of an API key are its account's; another's look absent", async () => {
  const [mine, theirs] = [await keyOf("mine"), await keyOf("theirs")];
  const as = (apiKey: string, name: string, body: Json) => world.call(name, { ...body, apiKey });
  await as(mine, "createProduct", { name: "x", productId: "prod_x" });
  expect((await as(mine, "createTrialCode", { code: "X", productId: "prod_x" })).status).toBe(200);
  expect((await as(mine, "createTrialCode", { code: "EVERY" })).status).toBe(200);
  const absent = { status: 404, body: { code: "CODE_NOT_FOUND" } };
  for (const kind of ["Trial", "Discount"]) {
    for (const name of [`update${kind}Code`, `delete${kind}Code`]) {
      expect(await as(theirs, name, { code: "X" })).toMatchObject(absent);
    }
    expect((await as(theirs, `list${kind}Codes`, {})).body["codes"]).toEqual([]);
    expect((await as(mine, `list${kind}Codes`, {})).body["codes"]).toMatchObject([
      { creatorId: "mine" },
      { creatorId: "mine" },
    ]);
  }
  const use = { code: "X", email: "a@example.com" };
  expect(await as(theirs, "redeemTrialCode", use)).toMatchObject(absent);
  const foreign: [string, Json][] = [
    ["createTrialCode", { code: "Y" }],
    ["createDiscountCode", { code: "Y", percentOff: 5 }],
    ["listTrialCodes", {}],
    ["listDiscountCodes", {}],
    ["updateTrialCode", { code: "X" }],
    ["updateDiscountCode", { code: "X" }],
    ["deleteTrialCode", { code: "X" }],
    ["deleteDiscountCode", { code: "X" }],
    ["redeemTrialCode", use],
  ];
  for (const [name, body] of foreign) {
    expect(await as(theirs, name, { ...body, productId: "prod_x" })).toMatchObject({
      status: 404,
      body: { code: "PRODUCT_NOT_FOUND" },
    });
    expect(await as(theirs, name, { ...body, creatorId: "mine" })).toMatchObject({
      status: 400,
      body: { code: "ACCOUNT_FIXED" },
    });
  }
  // The admin secret finds a code by its account or by a product of it.
  expect(await named("listTrialCodes")).toEqual([]);
  expect(await named("listTrialCodes", { creatorId: "mine" })).toHaveLength(2);
  expect(await named("listTrialCodes", { productId: "prod_x" })).toHaveLength(2);
  expect((await redeem({ code: "X" })).status).toBe(404);
  expect((await redeem({ code: "X", creatorId: "mine" })).status).toBe(200);
  const elsewhere = { code: "X", creatorId: "theirs", productId: "prod_x" };
  expect((await ask("updateTrialCode", elsewhere)).body["code"]).toBe("PRODUCT_NOT_FOUND");
});

test("every change leaves an audit entry, a refused one none", async () => {
  const entries = async () => {
    const asked = { equal: { accountId: "default" }, limit: 50 };
    return (await world.store.query(auditEntries, "byAccount", asked)).items;
  };
  await trial();
  world.clock.advance(1_000);
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", active: false });
  await redeem();
  world.clock.advance(1_000);
  await world.admin("updateTrialCode", { code: "SPRING-K7X4", active: true });
  world.clock.advance(1_000);
  const { licenseKey } = (await redeem()).body;
  world.clock.advance(1_000);
  await world.admin("deleteTrialCode", { code: "SPRING-K7X4" });
  const kept = (await entries()).slice(0, -1);
  expect(kept.map(({ action }) => action)).toEqual([
    "code.delete",
    "license.create",
    "code.update",
    "code.update",
    "code.create",
  ]);
  expect(kept[0]).toMatchObject({ before: { code: "SPRING-K7X4", usedCount: 1 }, after: null });
  expect(kept[1]).toMatchObject({ after: { variant: "trial", discountCode: "SPRING-K7X4" } });
  expect(kept[3]).toMatchObject({ before: { active: true }, after: { active: false } });
  expect(JSON.stringify(kept)).not.toContain(licenseKey);
});
