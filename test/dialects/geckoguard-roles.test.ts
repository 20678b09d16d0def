import { hasAbility, ROLES, type Role } from "../../functions/src/core/roles.ts";
import {
  type DashboardRoute,
  dashboardRoute,
} from "../../functions/src/dialects/geckoguard/dashboard-route.ts";
import { geckoguard } from "../../functions/src/dialects/geckoguard/routes.ts";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { endUsers, licenses } from "../../functions/src/store/collections.ts";
import {
  as,
  colleague,
  dataOf,
  member,
  openGecko,
  org,
  type Person,
  person,
} from "../support/dashboard.ts";
import { made as makeThing, openShop, shopLicense } from "../support/dashboard-things.ts";
import { putEndUser } from "../support/end-users.ts";
import { NOBODYS } from "../support/geckoguard.ts";
import { authorize } from "../support/geckoguard-signed.ts";
import { addPlan, addProduct } from "../support/plans.ts";
import type { CallOptions, Json, World } from "../support/world.ts";

/** An organization with things in it, and who owns it. */
type Place = { readonly world: World; readonly owner: Person; readonly orgId: string };

type Ask = CallOptions & {
  readonly parts?: Readonly<Record<string, string>>;
  readonly body?: Json;
};

type Row = {
  /** The least role, as the reference says it. */
  readonly least: Role;
  /** Makes what a call that succeeds names: the path's parts and what else is sent. */
  readonly ask?: (place: Place, who: Person | undefined) => Ask | Promise<Ask>;
};

let made = 0;
const fresh = (word: string) => `${word}-${++made}`;
const NOTHING = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";

/** The id of what the owner makes with that call, or of nothing. */
async function makes({ world, owner }: Place, route: string, body: Json): Promise<string> {
  const { body: reply } = await as(world, owner, route, { body });
  const things = Object.values((reply["data"] as Json | undefined) ?? {}) as (Json | undefined)[];
  return String(things[0]?.["id"] ?? NOTHING);
}

const invited = async (place: Place): Promise<Ask> => {
  const body = { email: `${fresh("invited")}@example.com`, role: "DEV" };
  const route = `POST /v1/dashboard/orgs/${place.orgId}/invites`;
  return { parts: { inviteId: await makes(place, route, body) } };
};
const productOfPlace = ({ world, orgId }: Place) => addProduct(world, orgId, fresh("prod"));
const planOf = async (place: Place) =>
  String((await addPlan(place.world, place.owner, await productOfPlace(place)))["id"]);
const keyed = async (place: Place): Promise<Ask> => {
  const body = { name: "bot", productId: await productOfPlace(place) };
  return { parts: { keyId: await makes(place, "POST /v1/dashboard/api-keys", body) } };
};
const hooked = async (place: Place): Promise<Ask> => {
  const productId = await productOfPlace(place);
  const body = { url: "https://hooks.example.com/", events: ["*"] };
  const route = `POST /v1/dashboard/webhooks/products/${productId}`;
  return { parts: { productId, endpointId: await makes(place, route, body) } };
};
const HOOKS = "/v1/dashboard/webhooks/products/:productId";
const shopProductOf = async ({ world, owner: boss, orgId }: Place) =>
  (await openShop(world, { boss, orgId })).productId;
const inProduct = async (place: Place) => ({ parts: { productId: await shopProductOf(place) } });
const inLicense = async (place: Place) => {
  await shopProductOf(place);
  const { licenseId } = await shopLicense(place.world);
  return { parts: { licenseId } };
};
/** A thing of a product, made by its owner. */
const inThing = async (
  place: Place,
  route: string,
  thing: { readonly part: string; readonly name: string; readonly body: Json },
) => {
  const productId = await shopProductOf(place);
  const { id } = await makeThing(
    place.world,
    place.owner,
    route.replace(":productId", productId),
    thing,
  );
  return { parts: { productId, [thing.part]: String(id) } };
};
const VARIABLES = "/v1/dashboard/app-variables/products/:productId";
const VERSIONS = "/v1/dashboard/app-versions/products/:productId";
const BLACKLISTS = "/v1/dashboard/blacklists/products/:productId";
const variable = { scope: "GLOBAL", key: "motd", value: "hello" };
const entry = { type: "HWID", value: "banned-hardware-id" };
const FILES = "/v1/dashboard/product-files/products/:productId";
const announced = { name: "x", filename: "x", size: 1 };
const form = {
  raw:
    '--xyz\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n' +
    '--xyz\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--xyz--\r\n',
  headers: { "content-type": "multipart/form-data; boundary=xyz" },
};
const inFile = async (place: Place) => {
  const productId = await shopProductOf(place);
  const route = `POST ${FILES.replace(":productId", productId)}`;
  const reply = await as(place.world, place.owner, route, form);
  const { id } = dataOf(reply)["file"] as Json;
  return { parts: { productId, fileId: String(id) } };
};
const inUpload = async (place: Place) => {
  const productId = await shopProductOf(place);
  const route = `POST ${FILES.replace(":productId", productId)}/uploads`;
  const reply = await as(place.world, place.owner, route, { body: announced });
  const { uploadId, uploadUrl } = dataOf(reply);
  await fetch(String(uploadUrl), { method: "PUT", body: "x" });
  return { parts: { productId, uploadId: String(uploadId) } };
};
let published = 0;
const inVersion = (place: Place) =>
  inThing(place, `POST ${VERSIONS}`, {
    ...{ part: "versionId", name: "version", body: { version: `2.1.${++published}` } },
  });

async function anEndUser({ world, orgId }: Place): Promise<Ask> {
  const known = await world.store.get(endUsers, "e1e10000-0000-4000-8000-000000000001");
  const { id } = known ?? (await putEndUser(world, { accountId: orgId }));
  return { parts: { endUserId: id } };
}
/** Another one with each call, whatever organization the place has by then. */
async function newProduct({ world, orgId }: Place): Promise<string> {
  const made = await world.admin("createProduct", { name: "Tools", creatorId: orgId });
  const dashes = /^(.{8})(.{4})(.{4})(.{4})/;
  return String(made["projectId"]).replace(dashes, "$1-$2-$3-$4-");
}
const withProduct = async (place: Place) => ({ parts: { productId: await newProduct(place) } });

/** A license of the organization, its id. */
async function license(place: Place): Promise<string> {
  const { world, orgId } = place;
  const productId = await newProduct(place);
  const email = "ann@example.com";
  const made = await world.admin("createLicense", { email, productId, creatorId: orgId });
  return String(made["licenseKey"]);
}
const withLicense = async (place: Place) => {
  const keyHash = keyHashOf(place.world.deps, await license(place));
  const found = await place.world.store.get(licenses, keyHash);
  return { parts: { licenseId: found?.id ?? "" } };
};
const many = (body: Json = {}) => ({
  ask: () => ({ body: { licenseIds: [NOBODYS], ...body } }),
});
const LICENSES = "/v1/dashboard/orgs/:orgId/licenses";
const LICENSE = "/v1/dashboard/licenses/:licenseId";

/** One row for every route of the dashboard that is about an organization. */
const rows: Readonly<Record<string, Row>> = {
  "GET /v1/dashboard/orgs/:orgId": { least: "VIEWER" },
  "PATCH /v1/dashboard/orgs/:orgId": {
    least: "ADMIN",
    ask: () => ({ body: { name: "Renamed" } }),
  },
  "DELETE /v1/dashboard/orgs/:orgId": { least: "OWNER" },
  "POST /v1/dashboard/plans": {
    least: "ADMIN",
    ask: async (place) => ({
      body: {
        productId: await productOfPlace(place),
        name: "Pro",
        priceCents: 1900,
        interval: "month",
      },
    }),
  },
  "PATCH /v1/dashboard/plans/:planId": {
    least: "ADMIN",
    ask: async (place) => ({ parts: { planId: await planOf(place) }, body: { active: false } }),
  },
  "DELETE /v1/dashboard/plans/:planId": {
    least: "ADMIN",
    ask: async (place) => ({ parts: { planId: await planOf(place) } }),
  },
  "GET /v1/dashboard/orgs/:orgId/members": { least: "VIEWER" },
  "PATCH /v1/dashboard/orgs/:orgId/members/:memberId": {
    least: "ADMIN",
    ask: async ({ world, orgId }) => {
      const { userId: memberId } = await colleague(world, orgId, "DEV", fresh("dev"));
      return { parts: { memberId }, body: { role: "VIEWER" } };
    },
  },
  // Oneself. Who may remove whom else is tried in geckoguard-members.test.ts.
  "DELETE /v1/dashboard/orgs/:orgId/members/:memberId": {
    least: "VIEWER",
    ask: async ({ world, orgId }, who) => {
      await colleague(world, orgId, "OWNER", fresh("owner"));
      return { parts: { memberId: who?.userId ?? NOTHING } };
    },
  },
  "POST /v1/dashboard/orgs/:orgId/transfer-ownership": {
    least: "OWNER",
    ask: async ({ world, orgId }) => {
      const { userId: newOwnerId } = await colleague(world, orgId, "DEV", fresh("heir"));
      return { body: { newOwnerId } };
    },
  },
  "GET /v1/dashboard/orgs/:orgId/analytics": { least: "VIEWER" },
  "GET /v1/dashboard/orgs/:orgId/invites": { least: "VIEWER" },
  "POST /v1/dashboard/orgs/:orgId/invites": {
    least: "ADMIN",
    ask: () => ({ body: { email: `${fresh("new")}@example.com`, role: "VIEWER" } }),
  },
  "POST /v1/dashboard/orgs/:orgId/invites/:inviteId/revoke": { least: "ADMIN", ask: invited },
  "POST /v1/dashboard/orgs/:orgId/invites/:inviteId/resend": { least: "ADMIN", ask: invited },
  "POST /v1/dashboard/api-keys": {
    least: "ADMIN",
    ask: async (place) => ({ body: { name: "bot", productId: await productOfPlace(place) } }),
  },
  "GET /v1/dashboard/api-keys": {
    least: "VIEWER",
    ask: async (place) => ({ query: { productId: await productOfPlace(place) } }),
  },
  "PATCH /v1/dashboard/api-keys/:keyId": {
    least: "ADMIN",
    ask: async (place) => ({ ...(await keyed(place)), body: { name: "other" } }),
  },
  "DELETE /v1/dashboard/api-keys/:keyId": { least: "ADMIN", ask: keyed },
  "POST /v1/dashboard/api-keys/:keyId/rotate": { least: "ADMIN", ask: keyed },
  "POST /v1/dashboard/api-keys/:keyId/revoke": { least: "ADMIN", ask: keyed },
  [`GET ${HOOKS}`]: { least: "VIEWER", ask: hooked },
  [`POST ${HOOKS}`]: {
    least: "ADMIN",
    ask: async (place) => ({
      ...(await hooked(place)),
      body: { url: "https://hooks.example.com/", events: ["*"] },
    }),
  },
  [`PATCH ${HOOKS}/:endpointId`]: {
    least: "ADMIN",
    ask: async (place) => ({ ...(await hooked(place)), body: { enabled: false } }),
  },
  [`DELETE ${HOOKS}/:endpointId`]: { least: "ADMIN", ask: hooked },
  [`GET ${HOOKS}/:endpointId/deliveries`]: { least: "VIEWER", ask: hooked },
  [`POST ${HOOKS}/:endpointId/test`]: { least: "ADMIN", ask: hooked },
  [`POST ${HOOKS}/:endpointId/rotate-secret`]: { least: "ADMIN", ask: hooked },
  "GET /v1/dashboard/orgs/:orgId/end-users": { least: "VIEWER" },
  "POST /v1/dashboard/orgs/:orgId/end-users/:endUserId/ban": { least: "ADMIN", ask: anEndUser },
  "POST /v1/dashboard/orgs/:orgId/end-users/:endUserId/unban": { least: "ADMIN", ask: anEndUser },
  "POST /v1/dashboard/products": {
    least: "ADMIN",
    ask: ({ orgId }) => ({ body: { orgId, name: "Tools" } }),
  },
  "GET /v1/dashboard/products/:productId": { least: "VIEWER", ask: withProduct },
  "PATCH /v1/dashboard/products/:productId": {
    least: "ADMIN",
    ask: async (place) => ({ ...(await withProduct(place)), body: { name: "Better tools" } }),
  },
  "DELETE /v1/dashboard/products/:productId": { least: "OWNER", ask: withProduct },
  "GET /v1/dashboard/orgs/:orgId/products": { least: "VIEWER" },
  "POST /v1/dashboard/orgs/:orgId/products": {
    least: "ADMIN",
    ask: () => ({ body: { name: "Tools" } }),
  },
  "DELETE /v1/dashboard/orgs/:orgId/products/:productId": { least: "ADMIN", ask: withProduct },
  [`GET ${LICENSES}`]: { least: "VIEWER" },
  [`POST ${LICENSES}`]: {
    least: "DEV",
    ask: async (place) => ({ body: { productId: await newProduct(place) } }),
  },
  [`GET ${LICENSES}/analytics`]: { least: "VIEWER" },
  [`GET ${LICENSES}/expiring`]: { least: "VIEWER" },
  [`GET ${LICENSES}/export`]: { least: "ADMIN" },
  [`POST ${LICENSES}/import`]: {
    least: "ADMIN",
    ask: async (place) => ({
      body: { productId: await newProduct(place), licenses: [{ key: "KEY-1" }] },
    }),
  },
  [`POST ${LICENSES}/freeze`]: { least: "DEV", ...many() },
  [`POST ${LICENSES}/unfreeze`]: { least: "DEV", ...many() },
  [`POST ${LICENSES}/revoke`]: { least: "DEV", ...many() },
  [`POST ${LICENSES}/unrevoke`]: { least: "DEV", ...many() },
  [`POST ${LICENSES}/extend`]: { least: "DEV", ...many({ days: 3 }) },
  [`DELETE ${LICENSES}`]: { least: "ADMIN", ...many() },
  [`GET ${LICENSE}`]: { least: "VIEWER", ask: withLicense },
  [`PATCH ${LICENSE}`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await withLicense(place)), body: { note: "Seen" } }),
  },
  [`POST ${LICENSE}/revoke`]: { least: "DEV", ask: withLicense },
  [`POST ${LICENSE}/unrevoke`]: { least: "DEV", ask: withLicense },
  [`POST ${LICENSE}/reset-hwid`]: { least: "DEV", ask: withLicense },
  [`POST ${LICENSE}/reset-ip`]: { least: "DEV", ask: withLicense },
  "GET /v1/dashboard/licenses/:licenseId/bindings": { least: "VIEWER", ask: inLicense },
  "GET /v1/dashboard/licenses/:licenseId/sessions": { least: "VIEWER", ask: inLicense },
  "POST /v1/dashboard/licenses/:licenseId/sessions/revoke-all": { least: "DEV", ask: inLicense },
  "POST /v1/dashboard/licenses/:licenseId/sessions/:session/revoke": {
    least: "DEV",
    ask: async (place) => {
      const { owner } = await openShop(place.world, { boss: place.owner, orgId: place.orgId });
      const { licenseKey, licenseId } = await shopLicense(place.world);
      await authorize(place.world, owner, { licenseKey, sessionId: "one" });
      return { parts: { licenseId, session: "one" } };
    },
  },
  [`GET ${BLACKLISTS}`]: { least: "VIEWER", ask: inProduct },
  [`POST ${BLACKLISTS}`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: entry }),
  },
  [`POST ${BLACKLISTS}/bulk`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: { entries: [entry] } }),
  },
  [`DELETE ${BLACKLISTS}/:entryId`]: {
    least: "DEV",
    ask: (place) =>
      inThing(place, `POST ${BLACKLISTS}`, { part: "entryId", name: "entry", body: entry }),
  },
  [`GET ${VARIABLES}`]: { least: "VIEWER", ask: inProduct },
  [`PUT ${VARIABLES}`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: variable }),
  },
  [`PUT ${VARIABLES}/bulk`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: { variables: [variable] } }),
  },
  [`DELETE ${VARIABLES}/:variableId`]: {
    least: "DEV",
    ask: (place) =>
      inThing(place, `PUT ${VARIABLES}`, {
        ...{ part: "variableId", name: "variable", body: variable },
      }),
  },
  [`GET ${VERSIONS}`]: { least: "VIEWER", ask: inProduct },
  [`POST ${VERSIONS}`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: { version: "2.1.0" } }),
  },
  [`PATCH ${VERSIONS}/:versionId`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inVersion(place)), body: { current: true } }),
  },
  [`DELETE ${VERSIONS}/:versionId`]: { least: "DEV", ask: inVersion },
  [`GET ${FILES}`]: { least: "VIEWER", ask: inProduct },
  [`POST ${FILES}`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), ...form }),
  },
  [`DELETE ${FILES}/:fileId`]: { least: "DEV", ask: inFile },
  [`POST ${FILES}/uploads`]: {
    least: "DEV",
    ask: async (place) => ({ ...(await inProduct(place)), body: announced }),
  },
  [`POST ${FILES}/uploads/:uploadId/complete`]: { least: "DEV", ask: inUpload },
};

/** Routes for whoever is logged in. */
const PERSONAL = [
  "GET /v1/dashboard/me",
  "PATCH /v1/dashboard/me",
  "GET /v1/dashboard/orgs",
  "POST /v1/dashboard/orgs",
  "GET /v1/dashboard/plans",
  "GET /v1/dashboard/subscriptions",
  "POST /v1/dashboard/subscriptions/start",
  "POST /v1/dashboard/subscriptions/cancel",
  "POST /v1/dashboard/subscriptions/reactivate",
  "GET /v1/dashboard/entitlements",
  "POST /v1/dashboard/invites/accept",
  "GET /v1/dashboard/licenses",
  "POST /v1/dashboard/licenses/redeem",
];
/** Routes for everybody. */
const PUBLIC: readonly string[] = ["GET /v1/dashboard/invites/preview"];

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const routes = geckoguard.routes.filter(({ path }) => path.startsWith("/v1/dashboard/"));
const abilityOf = (name: string) =>
  (routes.find((route) => nameOf(route) === name) as DashboardRoute | undefined)?.ability;

test("every route of the dashboard has an ability or a reason to have none, and is walked here", () => {
  const [personal, others] = [true, false].map((mine) =>
    routes.filter((route) => ("ability" in route && route.ability === null) === mine).map(nameOf),
  );
  expect(personal?.sort()).toEqual([...PERSONAL].sort());
  expect(others?.sort()).toEqual([...Object.keys(rows), ...PUBLIC].sort());
  for (const name of Object.keys(rows))
    expect([name, abilityOf(name)]).toEqual([name, expect.any(String)]);
  for (const route of routes) {
    if (!PUBLIC.includes(nameOf(route))) expect(route).toHaveProperty("ability");
  }
});

test("where the path names no organization, a thing of others is answered like none", async () => {
  const world = await openGecko();
  const owner = await person(world);
  const dev = { ...(await member(world, await org(world, owner, "Other"), "DEV")) };
  const orgId = await org(world, owner);
  await world.admin("addMember", { creatorId: orgId, email: dev.email, role: "VIEWER" });
  const thing = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";
  const { handle } = dashboardRoute({
    method: "DELETE",
    path: "/v1/dashboard/things/:thingId",
    ability: "license.change",
    whose: {
      find: async (_, { ids }) => (ids.thingId === thing ? orgId : undefined),
      absent: "PRODUCT_NOT_FOUND",
    },
    handle: async (_, { principal }) => ({ accountId: principal.accountId }),
  });
  const ask = async (who: Person, thingId: string) => {
    const { status, body } = await handle(world.deps, {
      ...{ method: "DELETE", path: "/v1/dashboard/things/x", query: "", parts: { thingId } },
      headers: { authorization: `Bearer ${who.accessToken}` },
      body: Buffer.alloc(0),
      incoming: async function* () {},
      notes: { keyUse: () => undefined, headers: () => undefined },
      bootstrap: () => "off",
      webhookCredentials: () => ({ secret: "", sellerId: "" }),
    });
    return [status, body];
  };
  const error = { code: "NOT_FOUND", message: "Product not found" };
  const absent = [404, { ok: false, error }];
  const outsider = await person(world, "outsider@example.com");
  expect(await ask(owner, thing)).toEqual([200, { ok: true, data: { accountId: orgId } }]);
  expect((await ask(dev, thing))[0]).toBe(403);
  expect(await ask(outsider, thing)).toEqual(absent);
  expect(await ask(owner, "7a2f3f4d-5c63-4a88-8a43-bd6a0c3f1e21")).toEqual(absent);
  await world.close();
});

describe.each(Object.entries(rows))("%s", (name, { least, ask }) => {
  const [method = "", pattern = ""] = name.split(" ");
  let place: Place;
  let world: World;
  beforeEach(async () => {
    world = await openGecko();
    const owner = await person(world);
    place = { world, owner, orgId: await org(world, owner) };
  });
  afterEach(() => world.close());

  async function call(who: Person | undefined) {
    const { parts, ...sent } = (await ask?.(place, who)) ?? {};
    const known: Record<string, string> = { orgId: place.orgId, ...parts };
    const path = pattern.replace(/:(\w+)/g, (_, part: string) => known[part] ?? "");
    return as(world, who, `${method} ${path}`, sent);
  }

  test.each(ROLES)("as %s", async (role) => {
    const who = role === "OWNER" ? place.owner : await member(world, place.orgId, role);
    const reply = await call(who);
    if (ROLES.indexOf(role) < ROLES.indexOf(least)) {
      const error = { code: "FORBIDDEN", message: "Your role may not do this" };
      expect([reply.status, reply.body]).toEqual([403, { ok: false, error }]);
      expect(world.touched().writes).toBe(0);
    } else expect([200, 201]).toContain(reply.status);
  });

  test("404 for an outsider, as where there is nothing; 401 for nobody and for an API key", async () => {
    const outsider = await person(world, "outsider@example.com");
    const foreign = await call(outsider);
    const { orgId } = place;
    place = { ...place, orgId: "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10" };
    if (pattern.includes(":orgId")) {
      const absent = await call(outsider);
      expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    }
    place = { ...place, orgId };
    expect([foreign.status, world.touched().writes]).toEqual([404, 0]);
    expect((await call(undefined)).status).toBe(401);
  });

  test("the least role is the table's", () => {
    const ability = abilityOf(name);
    expect(ROLES.find((role) => ability && hasAbility(role, ability))).toBe(least);
  });
});
