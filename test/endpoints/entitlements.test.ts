import { as, dataOf, openGecko, org, type Person, person } from "../support/dashboard.ts";
import { addPlan, addProduct } from "../support/plans.ts";
import { ADMIN_SECRET, type Json, NOW, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openGecko();
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
});
afterEach(() => world.close());

const GRANT = { email: "you@example.com", productId: "prod_tools", feature: "export" };
const iso = (instant: number) => new Date(instant).toISOString();
const entitled = async (who: Person) =>
  dataOf(await as(world, who, "GET /v1/dashboard/entitlements"))["entitlements"] as Json[];

test("a grant entitles whoever has the address, also who registers later, until it expires or is revoked", async () => {
  const expiresAt = iso(NOW + 60_000);
  expect(await world.admin("grantEntitlement", { ...GRANT, email: "You@Example.com" })).toEqual({
    success: true,
    entitlement: { feature: "export", productId: "prod_tools", source: "gift", expiresAt: null },
  });
  const [you, other] = [await person(world), await person(world, "other@example.com")];
  const shown = { feature: "export", planId: null, productId: expect.any(String) };
  expect(await entitled(you)).toEqual([{ ...shown, source: "gift", expiresAt: null }]);
  expect(await entitled(other)).toEqual([]);
  await world.admin("grantEntitlement", { ...GRANT, source: "promotion", expiresAt });
  expect(await entitled(you)).toEqual([{ ...shown, source: "promotion", expiresAt }]);
  world.clock.advance(60_000);
  expect(await entitled(you)).toEqual([]);
  await world.admin("grantEntitlement", GRANT);
  expect(await world.admin("revokeEntitlement", GRANT)).toEqual({ success: true, revoked: true });
  expect(await world.admin("revokeEntitlement", GRANT)).toEqual({ success: true, revoked: false });
  expect(await entitled(you)).toEqual([]);
});

test("it stands beside what a subscription entitles to", async () => {
  const you = await person(world);
  const productId = await addProduct(world, await org(world, you));
  const plan = await addPlan(world, you, productId, { entitlements: ["export"] });
  await as(world, you, "POST /v1/dashboard/subscriptions/start", { body: { planId: plan["id"] } });
  await world.admin("grantEntitlement", { ...GRANT, source: "override" });
  expect((await entitled(you)).map(({ source }) => source)).toEqual(["subscription", "override"]);
});

test("400 names what is wrong; the audit log has who gave what", async () => {
  const headers = { "x-admin-secret": ADMIN_SECRET };
  const refused = async (changes: Json) =>
    (await world.call("grantEntitlement", { ...GRANT, ...changes }, { headers })).body;
  expect(await refused({ expiresAt: iso(NOW) })).toMatchObject({ code: "EXPIRY_PAST" });
  expect(await refused({ source: "subscription" })).toMatchObject({
    details: [{ field: "source" }],
  });
  expect(await refused({ feature: " " })).toMatchObject({ details: [{ field: "feature" }] });
  await world.admin("grantEntitlement", GRANT);
  await world.admin("revokeEntitlement", GRANT);
  const { entries } = (await world.admin("listAuditLog", {})) as { entries: Json[] };
  const actions = entries.map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(["entitlement.grant", "entitlement.revoke"]));
});
