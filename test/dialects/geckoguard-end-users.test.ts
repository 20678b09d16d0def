import type { EndUser } from "../../functions/src/core/end-users.ts";
import { licenses } from "../../functions/src/store/collections.ts";
import { changeLicense, licenseOf } from "../support/change-license.ts";
import { putEndUser } from "../support/end-users.ts";
import { useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { DAY, type Json, runOn, type World } from "../support/world.ts";

let world: World;
let owner: Owner;
let other: Owner;
let drawn = 0;
const uuid = () => `e1e10000-0000-4000-8000-${String(++drawn).padStart(12, "0")}`;

const open = async () => {
  world = await openGecko();
  owner = await geckoKey(world);
  other = await geckoKey(world, "prod_other");
};

/** An end user with a license of each of those products; later ones are newer. */
async function person(
  username: string | null,
  handles: string[] = [],
  more: Partial<EndUser> = {},
) {
  world.clock.advance(1_000);
  const endUserId = more.id ?? uuid();
  const counts: Record<string, number> = {};
  const keys: string[] = [];
  for (const productId of handles) {
    const key = await world.license({ productId });
    await changeLicense(world, key, { endUserId });
    const { productId: id } = await licenseOf(world, key);
    counts[id] = (counts[id] ?? 0) + 1;
    keys.push(key);
  }
  const endUser = await putEndUser(world, {
    ...{ id: endUserId, username, email: `${username ?? "nobody"}@example.com` },
    ...{ licenseCounts: counts, productIds: Object.keys(counts), createdAt: world.clock.now() },
    ...more,
  });
  return { endUser, keys };
}
const ofProduct = (query: Record<string, string> = {}, as = owner) =>
  geckoCall(world, `GET /v1/products/${as.productId}/end-users`, as, { query });
const ofAccount = (query: Record<string, string> = {}, as = owner) =>
  geckoCall(world, "GET /v1/end-users", as, { query });
const data = ({ body }: { body: Json }) => body["data"] as Json;
const namesOf = (reply: { body: Json }) =>
  (data(reply)["endUsers"] as Json[]).map(({ username }) => username);
const totalOf = (reply: { body: Json }) => (data(reply)["pagination"] as Json)["total"];

describe.each(useEngines().slice(1))("on $name", ({ open: openStore }) => {
  beforeEach(async () => {
    runOn(openStore);
    await open();
  });
  afterEach(() => world.close());

  test("200 end users with their licenses, in the reference's fields and without keys", async () => {
    const { endUser, keys } = await person("alice", ["prod_gecko", "prod_other"]);
    const own = await licenseOf(world, String(keys[0]));
    const elsewhere = await licenseOf(world, String(keys[1]));
    const item = (license: { id: string; productId: string }) => ({
      ...{ id: license.id, productId: license.productId, status: "ACTIVE", expiresAt: null },
    });
    const shown = {
      ...{ id: endUser.id, username: "alice", email: "alice@example.com", bannedAt: null },
      createdAt: "2026-11-20T09:00:01.000Z",
      licenses: [item(own)],
    };
    const list = await ofProduct();
    expect([list.status, list.body]).toEqual([
      200,
      {
        ok: true,
        data: {
          endUsers: [shown],
          pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
        },
      },
    ]);
    const path = `/v1/products/${owner.productId}/end-users/${endUser.id}`;
    expect(data(await geckoCall(world, `GET ${path}`, owner))).toEqual({ endUser: shown });
    const whole = await geckoCall(world, `GET /v1/end-users/${endUser.id}`, owner);
    expect(data(whole)).toMatchObject({
      endUser: { licenses: expect.arrayContaining([item(own), item(elsewhere)]) },
    });
    expect(JSON.stringify(whole.body)).not.toContain(String(keys[0]));
  });

  test("200 names are matched exactly and parts of them partly, in any case", async () => {
    await person("Alice", ["prod_gecko"]);
    await person("alice2", ["prod_gecko"], { email: "Second@Example.org" });
    await person("xalice", ["prod_other"]);
    await person(null, ["prod_gecko"], { email: "no-name@example.com" });
    expect(namesOf(await ofAccount())).toEqual([null, "xalice", "alice2", "Alice"]);
    expect(namesOf(await ofProduct())).toEqual([null, "alice2", "Alice"]);
    for (const list of [ofAccount, ofProduct]) {
      expect(namesOf(await list({ username: "ALICE" }))).toEqual(["Alice"]);
      expect(namesOf(await list({ username: "alic" }))).toEqual([]);
      expect(namesOf(await list({ email: "second@example.ORG" }))).toEqual(["alice2"]);
      expect(namesOf(await list({ email: "econd@example.org" }))).toEqual([]);
      expect(namesOf(await list({ username: "alice", email: "second@example.org" }))).toEqual([]);
      expect(namesOf(await list({ search: "EXAMPLE.ORG" }))).toEqual(["alice2"]);
    }
    expect(namesOf(await ofAccount({ search: "ALICE" }))).toEqual(["xalice", "alice2", "Alice"]);
    expect(namesOf(await ofProduct({ search: "ALICE" }))).toEqual(["alice2", "Alice"]);
    expect(totalOf(await ofProduct({ search: "ALICE", pageSize: "1" }))).toBe(2);
    expect(namesOf(await ofProduct({ username: "xalice" }))).toEqual([]);
  });

  test("200 names longer than what is searched are found by what they are", async () => {
    const long = "n".repeat(60);
    const email = `${"a".repeat(64)}@${"b".repeat(60)}.com`;
    await person(long, ["prod_gecko"], { email });
    expect(namesOf(await ofAccount({ username: long.toUpperCase() }))).toEqual([long]);
    expect(namesOf(await ofAccount({ email: email.toUpperCase() }))).toEqual([long]);
    expect(namesOf(await ofAccount({ email: `${email}m` }))).toEqual([]);
  });
});

describe("end users", () => {
  beforeEach(open);
  afterEach(() => world.close());

  test("nobody's licenses are hidden by somebody's thousand newer ones", async () => {
    const { endUser: few } = await person("few");
    const { endUser: many } = await person("many");
    const give = async (to: EndUser, by: Owner) => {
      world.clock.advance(1_000);
      const body = { endUserId: to.id };
      const route = `POST /v1/products/${by.productId}/licenses`;
      const made = data(await geckoCall(world, route, by, { body }))["license"] as Json;
      return licenseOf(world, String(made["key"]));
    };
    for (const one of [few, many]) await give(one, owner);
    const newest = await give(many, other);
    const copies = Array.from({ length: 1_000 }, (_, n) => ({
      ...newest,
      id: uuid(),
      keyHash: `${newest.keyHash}-${n}`,
      facets: [],
    }));
    await world.store.commit(
      copies.map((record) => ({ kind: "create" as const, collection: licenses, record })),
    );
    const counts = (reply: { body: Json }) =>
      (data(reply)["endUsers"] as { username: string; licenses: Json[] }[]).map(
        ({ username, licenses }) => [username, licenses.length],
      );
    expect(counts(await ofProduct())).toEqual([
      ["many", 1],
      ["few", 1],
    ]);
    expect(counts(await ofAccount())).toEqual([
      ["many", 1_000],
      ["few", 1],
    ]);
    const route = `GET /v1/products/${owner.productId}/end-users/${many.id}`;
    const alone = data(await geckoCall(world, route, owner))["endUser"] as Json;
    expect(alone["licenses"]).toHaveLength(1);
  });

  test("200 a license is shown as it stands", async () => {
    const { keys } = await person("alice", ["prod_gecko"]);
    const licenseKey = String(keys[0]);
    const status = async () => {
      const [one] = data(await ofProduct())["endUsers"] as { licenses: Json[] }[];
      return one?.licenses[0]?.["status"];
    };
    expect(await status()).toBe("ACTIVE");
    await changeLicense(world, licenseKey, { expiresAt: world.clock.now() + DAY });
    world.clock.advance(DAY);
    expect(await status()).toBe("EXPIRED");
    await changeLicense(world, licenseKey, { status: "suspended" });
    expect(await status()).toBe("FROZEN");
    await changeLicense(world, licenseKey, { status: "revoked" });
    expect(await status()).toBe("REVOKED");
  });

  test("403 and 404: scopes, products and accounts of others", async () => {
    const { endUser } = await person("bob", ["prod_other"]);
    const stranger = await geckoKey(world, "prod_stranger", { creatorId: "studio" });
    const unable = await geckoKey(world, "prod_gecko", { scopes: ["license:read"] });
    const one = (as: Owner) =>
      geckoCall(world, `GET /v1/products/${as.productId}/end-users/${endUser.id}`, as);
    expect((await one(other)).status).toBe(200);
    const notFound = { status: 404, body: { ok: false, error: { code: "NOT_FOUND" } } };
    expect(await one(owner)).toMatchObject(notFound);
    expect(await one(stranger)).toMatchObject(notFound);
    const path = `GET /v1/end-users/${endUser.id}`;
    expect((await geckoCall(world, path, owner)).status).toBe(200);
    expect(await geckoCall(world, path, stranger)).toMatchObject(notFound);
    expect(namesOf(await ofAccount({}, stranger))).toEqual([]);
    const denied = { status: 403, body: { error: { code: "PERMISSION_DENIED" } } };
    for (const reply of [await ofAccount({}, unable), await ofProduct({}, unable)]) {
      expect(reply).toMatchObject(denied);
    }
    expect(
      await geckoCall(world, `GET /v1/products/${owner.productId}/end-users`, other),
    ).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
  });

  test("a page costs its end users and their licenses", async () => {
    for (let n = 0; n < 40; n++) await person(`p${n}`, n < 3 ? ["prod_gecko"] : []);
    await ofAccount();
    await ofAccount({ pageSize: "10" });
    // Besides: the key, and where the next page begins. Nobody on this page has a license.
    expect(world.touched()).toEqual({ reads: 11, writes: 1, aggregates: 1 });
    await ofProduct();
    expect(world.touched()).toEqual({ reads: 7, writes: 0, aggregates: 1 });
    expect(namesOf(await ofAccount({ page: "4", pageSize: "10" }))).toHaveLength(10);
    expect(totalOf(await ofAccount({ page: "9", pageSize: "10" }))).toBe(40);
  });

  test("nothing that is sent breaks it", async () => {
    await person("alice", ["prod_gecko"]);
    for (const text of ["", "\0", "\n", "💥".repeat(60), "%", "_", "__proto__", "x".repeat(300)]) {
      for (const field of ["username", "email", "search", "page", "pageSize"]) {
        expect((await ofAccount({ [field]: text })).status).toBeLessThan(500);
        expect((await ofProduct({ [field]: text })).status).toBeLessThan(500);
      }
    }
  });
});
