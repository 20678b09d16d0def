import { settleDue } from "../../functions/src/operations/subscriptions/settle-due.ts";
import { auditEntries, subscriptions } from "../../functions/src/store/collections.ts";
import { auditOf, licenseOf } from "../support/change-license.ts";
import {
  as,
  auth,
  dataOf,
  errorOf,
  member,
  openGecko,
  org,
  PASSWORD,
  type Person,
  person,
  personOf,
} from "../support/dashboard.ts";
import { useEngines } from "../support/engines.ts";
import { NOBODYS, said } from "../support/geckoguard.ts";
import { addPlan, addProduct } from "../support/plans.ts";
import { deliver, eventsIn, licensesIn, payload } from "../support/webhooks.ts";
import { DAY, type Json, NOW, type Reply, type World } from "../support/world.ts";

const PLANS = "/v1/dashboard/plans";
const SUBSCRIPTIONS = "/v1/dashboard/subscriptions";
const CONFLICT = [409, "CONFLICT"];
const NOT_FOUND = [404, "NOT_FOUND"];

let world: World;
let owner: Person;
let orgId: string;
let productId: string;
let buyer: Person;

async function prepare(made: World) {
  world = made;
  owner = await person(world, "owner@example.com");
  orgId = await org(world, owner);
  productId = await addProduct(world, orgId);
  buyer = await person(world, "buyer@example.com");
}
afterEach(() => world.close());

const again = async ({ email }: Person) =>
  personOf(await auth(world, "login", { email, password: PASSWORD }));
/** Access tokens live a quarter of an hour. */
async function later(ms: number) {
  world.clock.advance(ms);
  owner = await again(owner);
  buyer = await again(buyer);
}

const iso = (instant: number) => new Date(instant).toISOString();
const plan = async (terms: Json = {}) =>
  String((await addPlan(world, owner, productId, terms))["id"]);
const start = (planId: string, who = buyer) =>
  as(world, who, `POST ${SUBSCRIPTIONS}/start`, { body: { planId } });
const cancel = (subscriptionId: unknown, more: Json = {}, who = buyer) =>
  as(world, who, `POST ${SUBSCRIPTIONS}/cancel`, { body: { subscriptionId, ...more } });
const reactivate = (subscriptionId: unknown, who = buyer) =>
  as(world, who, `POST ${SUBSCRIPTIONS}/reactivate`, { body: { subscriptionId } });
const subscriptionOf = (reply: Reply) => dataOf(reply)["subscription"] as Json;
const listed = async (who = buyer) =>
  dataOf(await as(world, who, `GET ${SUBSCRIPTIONS}`))["subscriptions"] as Json[];
const entitled = async (who = buyer) =>
  dataOf(await as(world, who, "GET /v1/dashboard/entitlements"))["entitlements"] as Json[];

describe("plans", () => {
  beforeEach(async () => prepare(await openGecko()));

  test("made, listed, changed and deleted, in the reference's shapes", async () => {
    const body = {
      ...{ productId, name: " Pro ", priceCents: 1900, interval: "month" },
      entitlements: ["export", "priority-support"],
    };
    const made = await as(world, owner, `POST ${PLANS}`, { body });
    const shown = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      productId,
      name: "Pro",
      priceCents: 1900,
      interval: "month",
      entitlements: ["export", "priority-support"],
      active: true,
      providerIds: { polar: [] },
      createdAt: iso(NOW),
      updatedAt: iso(NOW),
    };
    expect([made.status, made.body]).toEqual([201, { ok: true, data: { plan: shown } }]);
    const { id } = dataOf(made)["plan"] as Json;
    const list = await as(world, owner, `GET ${PLANS}`, { query: { productId } });
    expect(dataOf(list)).toEqual({
      plans: [shown],
      pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
    });
    const changes = { priceCents: 2900, active: false, providerIds: { polar: ["x"] } };
    const changed = await as(world, owner, `PATCH ${PLANS}/${id}`, { body: changes });
    expect([changed.status, dataOf(changed)["plan"]]).toEqual([200, { ...shown, ...changes }]);
    for (const same of [{}, changes]) {
      const reply = await as(world, owner, `PATCH ${PLANS}/${id}`, { body: same });
      expect([reply.body, world.touched().writes]).toEqual([changed.body, 0]);
    }
    const gone = await as(world, owner, `DELETE ${PLANS}/${id}`);
    expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
    expect(said(await as(world, owner, `DELETE ${PLANS}/${id}`))).toEqual(NOT_FOUND);
    const { items } = await world.store.query(auditEntries, "byAccount", {
      ...{ equal: { accountId: orgId }, limit: 10 },
    });
    expect(items.map(({ action }) => action).filter((one) => one.startsWith("plan."))).toEqual(
      expect.arrayContaining(["plan.create", "plan.update", "plan.delete"]),
    );
    expect(items.find(({ action }) => action === "plan.update")).toMatchObject({
      actor: { kind: "user", userId: owner.userId },
      before: { priceCents: 1900 },
      after: { priceCents: 2900 },
    });
  });

  test("400 names the field", async () => {
    const good = { productId, name: "Pro", priceCents: 1, interval: "month" };
    const refused = async (changes: Json) => {
      const reply = await as(world, owner, `POST ${PLANS}`, { body: { ...good, ...changes } });
      return [reply.status, (errorOf(reply)["details"] as Json[]).map(({ path }) => path)];
    };
    expect(await refused({ name: "" })).toEqual([400, ["name"]]);
    expect(await refused({ priceCents: 1.5 })).toEqual([400, ["priceCents"]]);
    expect(await refused({ priceCents: -1 })).toEqual([400, ["priceCents"]]);
    expect(await refused({ interval: "week" })).toEqual([400, ["interval"]]);
    expect(await refused({ entitlements: ["a", "a"] })).toEqual([400, ["entitlements"]]);
    expect(await refused({ providerIds: { polar: [""] } })).toEqual([400, ["providerIds.polar.0"]]);
    expect(await refused({ productId: "prod_plans" })).toEqual([400, ["productId"]]);
  });

  test("to people outside they are offers: what can be started, and nothing of who sells it where", async () => {
    const offers = async () => as(world, buyer, `GET ${PLANS}`, { query: { productId } });
    await plan({ name: "Old", active: false });
    expect(said(await offers())).toEqual(NOT_FOUND);
    const id = await plan({ providerIds: { polar: ["secret-id"] } });
    expect(dataOf(await offers())["plans"]).toEqual([
      {
        ...{ id, productId, name: "Pro", priceCents: 1900, interval: "month" },
        ...{ entitlements: ["export", "priority-support"], active: true },
      },
    ]);
    const viewer = await member(world, orgId, "VIEWER");
    const all = dataOf(await as(world, viewer, `GET ${PLANS}`, { query: { productId } }));
    expect((all["plans"] as Json[]).map(({ name }) => name).sort()).toEqual(["Old", "Pro"]);
    await world.admin("updateProduct", { productId: "prod_plans", status: "archived" });
    expect(said(await offers())).toEqual(NOT_FOUND);
    const nothing = await as(world, buyer, `GET ${PLANS}`, { query: { productId: NOBODYS } });
    expect(said(nothing)).toEqual(NOT_FOUND);
  });

  test("409 an id of a provider is one plan's of a product; another product may list it too", async () => {
    const providerIds = { polar: ["a", "b"] };
    const first = await plan({ providerIds });
    const body = { productId, name: "x", priceCents: 1, interval: "year", providerIds };
    expect(said(await as(world, owner, `POST ${PLANS}`, { body }))).toEqual(CONFLICT);
    const second = await plan({ providerIds: { polar: ["c"] } });
    const take = () => as(world, owner, `PATCH ${PLANS}/${second}`, { body: { providerIds } });
    expect(said(await take())).toEqual(CONFLICT);
    await as(world, owner, `PATCH ${PLANS}/${first}`, { body: { providerIds: { polar: [] } } });
    expect((await take()).status).toBe(200);
    await as(world, owner, `DELETE ${PLANS}/${second}`);
    await plan({ providerIds });
    await addPlan(world, owner, await addProduct(world, orgId, "prod_other"), { providerIds });
  });
});

describe("subscriptions", () => {
  beforeEach(async () => prepare(await openGecko()));

  test("201 one starts, is listed and entitles, whoever's the product is", async () => {
    const planId = await plan();
    const reply = await start(planId);
    const shown = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      planId,
      productId,
      status: "ACTIVE",
      currentPeriodStart: "2026-11-20T09:00:00.000Z",
      currentPeriodEnd: "2026-12-20T09:00:00.000Z",
      cancelAtPeriodEnd: false,
      canceledAt: null,
    };
    expect([reply.status, reply.body]).toEqual([201, { ok: true, data: { subscription: shown } }]);
    const list = await as(world, buyer, `GET ${SUBSCRIPTIONS}`);
    expect(dataOf(list)).toEqual({
      subscriptions: [shown],
      pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
    });
    const from = { planId, productId, source: "subscription", expiresAt: shown.currentPeriodEnd };
    expect(await entitled()).toEqual([
      { feature: "export", ...from },
      { feature: "priority-support", ...from },
    ]);
    expect([await listed(owner), await entitled(owner)]).toEqual([[], []]);
  });

  test("409 one at a time for a product; 404 for what is not sold", async () => {
    const [first, second] = [await plan(), await plan({ name: "Team" })];
    expect((await start(first)).status).toBe(201);
    expect(said(await start(first))).toEqual(CONFLICT);
    expect(said(await start(second))).toEqual(CONFLICT);
    const other = await addProduct(world, orgId, "prod_other");
    const elsewhere = await addPlan(world, owner, other);
    expect((await start(String(elsewhere["id"]))).status).toBe(201);
    expect(await listed()).toHaveLength(2);
    expect(said(await start(NOBODYS, owner))).toEqual(NOT_FOUND);
    const inactive = await addPlan(world, owner, other, { active: false });
    expect(said(await start(String(inactive["id"]), owner))).toEqual(NOT_FOUND);
    await world.admin("updateProduct", { productId: "prod_plans", status: "archived" });
    expect(said(await start(first, owner))).toEqual(NOT_FOUND);
    expect((await as(world, undefined, `GET ${SUBSCRIPTIONS}`)).status).toBe(401);
  });

  test("cancelled it runs to its end and can be taken back; at once it ends", async () => {
    const planId = await plan();
    const { id } = subscriptionOf(await start(planId));
    await later(DAY);
    const held = subscriptionOf(await cancel(id));
    expect(held).toMatchObject({
      ...{ status: "ACTIVE", cancelAtPeriodEnd: true, canceledAt: iso(NOW + DAY) },
      currentPeriodEnd: "2026-12-20T09:00:00.000Z",
    });
    expect(said(await cancel(id))).toEqual(CONFLICT);
    expect(said(await start(planId))).toEqual(CONFLICT);
    expect(await entitled()).toHaveLength(2);
    expect(subscriptionOf(await reactivate(id))).toMatchObject({
      ...{ status: "ACTIVE", cancelAtPeriodEnd: false, canceledAt: null },
    });
    expect(said(await reactivate(id))).toEqual(CONFLICT);
    await cancel(id);
    await later(29 * DAY);
    expect(await listed()).toMatchObject([{ status: "CANCELED" }]);
    expect(await entitled()).toEqual([]);
    expect(said(await reactivate(id))).toEqual(CONFLICT);
    expect(said(await cancel(id, { immediate: true }))).toEqual(CONFLICT);
    const anew = subscriptionOf(await start(planId));
    expect(anew).toMatchObject({ status: "ACTIVE", currentPeriodStart: iso(world.clock.now()) });
    const ended = subscriptionOf(await cancel(id, { immediate: true }));
    expect(ended).toMatchObject({ status: "CANCELED", currentPeriodEnd: iso(world.clock.now()) });
    expect(await entitled()).toEqual([]);
    const { items } = await world.store.query(auditEntries, "byAccount", {
      ...{ equal: { accountId: orgId }, limit: 50 },
    });
    const actions = items.flatMap(({ action, actor }) =>
      action.startsWith("subscription.") && actor.userId === buyer.userId ? [action] : [],
    );
    expect(actions.toSorted()).toEqual(
      [
        ...["subscription.cancel", "subscription.cancel", "subscription.cancel"],
        ...["subscription.reactivate", "subscription.start", "subscription.start"],
      ].toSorted(),
    );
  });

  test("404 somebody else's is none", async () => {
    const { id } = subscriptionOf(await start(await plan()));
    for (const theirs of [id, NOBODYS]) {
      expect(said(await cancel(theirs, {}, owner))).toEqual(NOT_FOUND);
      expect(said(await reactivate(theirs, owner))).toEqual(NOT_FOUND);
    }
    expect(await listed()).toMatchObject([{ status: "ACTIVE", cancelAtPeriodEnd: false }]);
  });

  test("it renews by itself, with what the plan entitles to now; a deleted plan ends with the period", async () => {
    const planId = await plan();
    await start(planId);
    await as(world, owner, `PATCH ${PLANS}/${planId}`, { body: { entitlements: ["all"] } });
    await later(31 * DAY);
    const second = { currentPeriodEnd: "2027-01-20T09:00:00.000Z", status: "ACTIVE" };
    expect(await listed()).toMatchObject([second]);
    expect(await entitled()).toMatchObject([
      { feature: "all", expiresAt: second.currentPeriodEnd },
    ]);
    await settleDue(world.deps, { most: 100 });
    await as(world, owner, `DELETE ${PLANS}/${planId}`);
    expect(await listed()).toMatchObject([second]);
    expect(await entitled()).toMatchObject([{ feature: "all" }]);
    await later(31 * DAY);
    expect(await listed()).toMatchObject([{ ...second, status: "EXPIRED" }]);
    expect(await entitled()).toEqual([]);
  });

  test("403 a plan that a provider sells starts with its payment; one that is free just starts", async () => {
    const sold = await plan({ providerIds: { polar: ["x"] } });
    const reply = await start(sold);
    expect([reply.status, errorOf(reply)]).toEqual([
      403,
      { code: "FORBIDDEN", message: "The plan starts with its payment" },
    ]);
    const free = await plan({ priceCents: 0, providerIds: { polar: ["y"] } });
    expect((await start(free)).status).toBe(201);
  });

  test("403 with SUBSCRIPTIONS_NEED_PAYMENT every plan that costs something does", async () => {
    await world.close();
    await prepare(await openGecko({ settings: { subscriptionsNeedPayment: true } }));
    expect(said(await start(await plan()))).toEqual([403, "FORBIDDEN"]);
    expect((await start(await plan({ priceCents: 0 }))).status).toBe(201);
  });

  test("the sweep writes what reading shows, each once, however many run", async () => {
    const planId = await plan();
    const others = await Promise.all(
      ["a@example.com", "b@example.com"].map((email) => person(world, email)),
    );
    for (const who of [buyer, ...others]) await start(planId, who);
    const { id } = (await listed())[0] as Json;
    await cancel(id);
    expect(await settleDue(world.deps, { most: 100 })).toEqual({ settled: 0, more: false });
    await later(35 * DAY);
    const seen = await listed();
    const runs = [settleDue(world.deps, { most: 100 }), settleDue(world.deps, { most: 100 })];
    const settled = (await Promise.all(runs)).map((run) => run.settled);
    expect(settled.reduce((sum, one) => sum + one)).toBe(3);
    expect(await listed()).toEqual(seen);
    const { items } = await world.store.query(subscriptions, "byUser", {
      ...{ equal: { userId: buyer.userId }, limit: 2 },
    });
    expect(items).toMatchObject([{ status: "CANCELED", dueAt: null }]);
    expect(await settleDue(world.deps, { most: 100 })).toEqual({ settled: 0, more: false });
  });
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("of starts at once, by several plans, one starts", async () => {
    await prepare(await openGecko({ store: open() }));
    const plans = [await plan(), await plan({ name: "Team" })];
    const starts = Array.from({ length: 10 }, async (_, caller) => {
      for (;;) {
        const { status } = await start(plans[caller % 2] ?? "");
        // A store that is busy says so, and nothing started.
        if (status !== 503) return status;
      }
    });
    const statuses = await Promise.all(starts);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([201, 409]));
    expect(await listed()).toHaveLength(1);
  });
});

describe("what Polar announces", () => {
  const PRODUCT = "5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11";
  let planId: string;
  beforeEach(async () => {
    await prepare(await openGecko());
    await world.admin("updateProduct", {
      productId: "prod_plans",
      paymentIds: { polar: [PRODUCT] },
    });
    planId = await plan({ providerIds: { polar: [PRODUCT] } });
  });

  const EVENTS = {
    first: "order.paid.subscription_create",
    renewal: "order.paid.subscription_cycle",
    canceled: "subscription.canceled",
    uncanceled: "subscription.uncanceled",
    revoked: "subscription.revoked",
    refund: "order.refunded.subscription_cycle",
  } as const;
  const send = (event: keyof typeof EVENTS, changes: Json = {}) =>
    deliver(
      world,
      "polar",
      payload(`polar/${EVENTS[event]}`, {
        ...{ "data.customer.external_id": buyer.userId, ...changes },
      }),
      { path: "v1/billing/polar-webhook" },
    );
  const until = (time: string) => later(Date.parse(time) - world.clock.now());
  const FIRST = { currentPeriodEnd: "2026-12-01T10:15:25.000Z" };
  const SECOND = { currentPeriodEnd: "2027-01-01T10:15:25.000Z" };

  test("a sale makes a license and starts the subscription; renewals and ends follow", async () => {
    const reply = await send("first");
    expect([reply.status, reply.body]).toEqual([
      200,
      { ok: true, data: { eventId: expect.any(String), status: "done", reason: null } },
    ]);
    expect(await licensesIn(world)).toMatchObject([{ email: "artist@example.com" }]);
    expect(await listed()).toMatchObject([
      { planId, productId, status: "ACTIVE", cancelAtPeriodEnd: false, ...FIRST },
    ]);
    expect(await entitled()).toHaveLength(2);
    expect(said(await start(planId))).toEqual(CONFLICT);
    await send("canceled");
    expect(await listed()).toMatchObject([{ status: "ACTIVE", cancelAtPeriodEnd: true }]);
    await send("uncanceled");
    expect(await listed()).toMatchObject([{ cancelAtPeriodEnd: false, canceledAt: null }]);
    await until("2026-12-02T00:00:00Z");
    expect(await listed()).toMatchObject([{ status: "PAST_DUE", ...FIRST }]);
    expect(await entitled()).toMatchObject([
      { expiresAt: "2026-12-04T10:15:25.000Z" },
      { feature: "priority-support" },
    ]);
    await settleDue(world.deps, { most: 100 });
    await send("renewal");
    expect(await listed()).toMatchObject([{ status: "ACTIVE", ...SECOND }]);
    await until("2027-01-04T10:15:25Z");
    expect(await listed()).toMatchObject([{ status: "EXPIRED" }]);
    expect(await entitled()).toEqual([]);
  });

  test("what Polar ends is over then, whatever was paid; a refund is over at once", async () => {
    await send("first");
    await send("renewal");
    await send("revoked");
    await until("2026-12-01T10:15:25Z");
    expect(await listed()).toMatchObject([{ status: "CANCELED", ...FIRST }]);
    const other = await person(world, "other@example.com");
    const theirs = {
      "data.customer.external_id": other.userId,
      "data.id": "0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c99",
      "data.subscription_id": "e5149aae-e521-42b9-b24c-abb3d71eea99",
    };
    await send("renewal", theirs);
    expect(await listed(other)).toMatchObject([{ status: "ACTIVE", ...SECOND }]);
    await send("refund", theirs);
    expect(await listed(other)).toMatchObject([
      {
        ...{ status: "CANCELED", cancelAtPeriodEnd: false },
        ...{ currentPeriodEnd: iso(world.clock.now()), canceledAt: iso(world.clock.now()) },
      },
    ]);
  });

  test("in whatever order its events come, the subscription ends up the same", async () => {
    const orders = [
      ["first", "renewal", "canceled"],
      ["canceled", "first", "renewal"],
      ["renewal", "canceled", "first"],
      ["renewal", "first", "canceled"],
      ["first", "canceled", "renewal"],
      ["canceled", "renewal", "first"],
    ] as const;
    for (const order of orders) {
      for (const event of order) await send(event);
      const [subscription] = await listed();
      expect([order, subscription]).toEqual([
        order,
        expect.objectContaining({ status: "ACTIVE", cancelAtPeriodEnd: true, ...SECOND }),
      ]);
      await world.close();
      await prepare(await openGecko());
      await world.admin("updateProduct", {
        productId: "prod_plans",
        paymentIds: { polar: [PRODUCT] },
      });
      planId = await plan({ providerIds: { polar: [PRODUCT] } });
    }
  });

  test("50 copies of a renewal at once renew once", async () => {
    await send("first");
    const copies = await Promise.all(Array.from({ length: 50 }, () => send("renewal")));
    expect(new Set(copies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await listed()).toMatchObject([{ status: "ACTIVE", ...SECOND }]);
    expect(await licensesIn(world)).toHaveLength(1);
  });

  test("what was given up at the dashboard stays given up until more is paid", async () => {
    await send("first");
    const { id } = (await listed())[0] as Json;
    await cancel(id, { immediate: true });
    await send("canceled");
    expect(await listed()).toMatchObject([
      { status: "CANCELED", canceledAt: iso(world.clock.now()) },
    ]);
    await send("renewal");
    expect(await listed()).toMatchObject([
      { status: "ACTIVE", cancelAtPeriodEnd: false, canceledAt: null, ...SECOND },
    ]);
  });

  test("a plan that the sale names and nobody has is tried again; the license is there", async () => {
    await as(world, owner, `DELETE ${PLANS}/${planId}`);
    const metadata = { productId: "prod_plans", planId };
    const { body } = await send("first", { "data.metadata": metadata });
    expect(body).toMatchObject({ ok: true, data: { status: "failed" } });
    expect(await licensesIn(world)).toHaveLength(1);
    const [failed] = await eventsIn(world, { status: "failed" });
    expect(failed).toMatchObject({ provider: "polar", reason: expect.stringContaining(planId) });
    expect(await listed()).toEqual([]);
    await plan({ providerIds: { polar: [PRODUCT] } });
    await world.admin("retryInboundEvent", { eventId: failed?.["eventId"] });
    expect(await listed()).toMatchObject([{ status: "ACTIVE", ...FIRST }]);
    expect(await eventsIn(world, { status: "failed" })).toEqual([]);
    expect(await licensesIn(world)).toHaveLength(1);
  });

  test("a sale without a user says so; one without a plan is a license and nothing else", async () => {
    const { body } = await send("first", { "data.customer.external_id": "crm-7" });
    expect(dataOf({ body } as Reply)).toMatchObject({
      status: "done",
      reason: expect.stringContaining("names no user"),
    });
    await as(world, owner, `DELETE ${PLANS}/${planId}`);
    const plain = await send("first", {
      "data.id": "0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c98",
      "data.subscription_id": "e5149aae-e521-42b9-b24c-abb3d71eea98",
    });
    expect(dataOf(plain)).toMatchObject({ status: "done", reason: null });
    expect([await listed(), (await licensesIn(world)).length]).toEqual([[], 2]);
  });

  test("what was reactivated here and ended there has ended", async () => {
    await send("first");
    await send("canceled");
    const { id } = (await listed())[0] as Json;
    expect(subscriptionOf(await reactivate(id))).toMatchObject({ cancelAtPeriodEnd: false });
    await send("revoked");
    await until("2026-12-01T10:15:25Z");
    expect(await listed()).toMatchObject([{ status: "CANCELED", ...FIRST }]);
  });

  test("of two purchases the one that pays for longer counts", async () => {
    const another = (paidUntil: string) => ({
      "data.id": `0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a${paidUntil.slice(0, 4)}`,
      "data.subscription_id": `e5149aae-e521-42b9-b24c-abb3d71e${paidUntil.slice(0, 4)}`,
      "data.subscription.current_period_end": paidUntil,
    });
    await send("first", another("2027-11-01T00:00:00.000Z"));
    await send("first");
    expect(await listed()).toMatchObject([{ currentPeriodEnd: "2027-11-01T00:00:00.000Z" }]);
    await send("canceled");
    expect(await listed()).toMatchObject([{ cancelAtPeriodEnd: false }]);
    await send("first", another("2028-11-01T00:00:00.000Z"));
    expect(await listed()).toMatchObject([{ currentPeriodEnd: "2028-11-01T00:00:00.000Z" }]);
    expect(await licensesIn(world)).toHaveLength(3);
  });

  test("a checkout's plan counts where the plan lists nothing, and only for its own product", async () => {
    const terms = { productId: "prod_plans", planId: "" };
    const buy = async (named: string, last: string) => {
      const { body } = await send("first", {
        "data.id": `0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0d${last}`,
        "data.subscription_id": `e5149aae-e521-42b9-b24c-abb3d71eed${last}`,
        "data.metadata": { ...terms, planId: named },
      });
      return [(body["data"] as Json)["status"], (await listed())[0]?.["planId"]];
    };
    const dear = await plan({ name: "Dear", providerIds: { polar: ["the-dear-one"] } });
    expect(await buy(dear, "01")).toEqual(["done", planId]);
    await as(world, owner, `DELETE ${PLANS}/${planId}`);
    const foreign = await addPlan(world, owner, await addProduct(world, orgId, "prod_other"));
    expect(await buy(dear, "02")).toEqual(["failed", planId]);
    expect(await buy(String(foreign["id"]), "03")).toEqual(["failed", planId]);
    await later(60 * DAY);
    const unlisted = await plan({ name: "Named" });
    expect(await buy(unlisted, "04")).toEqual(["done", unlisted]);
  });

  describe("which plan its licenses are of", () => {
    const DEAR = "the-dear-one";
    let dear: string;
    const open = async () => {
      await world.admin("updateProduct", {
        productId: "prod_plans",
        paymentIds: { polar: [PRODUCT, DEAR, "no-plan"] },
      });
      dear = await plan({ name: "Dear", providerIds: { polar: [DEAR] } });
    };
    beforeEach(open);
    const license = async () =>
      licenseOf(world, String((await licensesIn(world)).map(({ key }) => key)));
    const plansOf = async () => (await license()).planId;

    test("that of the sale, whether it names a user or nobody; another with the renewal", async () => {
      await send("first", { "data.customer.external_id": null });
      expect(await plansOf()).toBe(planId);
      expect(await listed()).toEqual([]);
      await send("renewal", { "data.product_id": DEAR });
      expect(await plansOf()).toBe(dear);
      expect((await auditOf(world, orgId)).map(({ after }) => after)).toContainEqual(
        expect.objectContaining({ planId: dear }),
      );
      const shown = JSON.stringify([await licensesIn(world), await eventsIn(world)]);
      expect(shown).not.toContain(dear);
    });

    test("in whatever order its events come: that of what was bought last, be it none", async () => {
      const orders = [
        ["first", "renewal", "canceled"],
        ["first", "canceled", "renewal"],
        ["renewal", "first", "canceled"],
        ["renewal", "canceled", "first"],
        ["canceled", "first", "renewal"],
        ["canceled", "renewal", "first"],
      ] as const;
      for (const bought of [DEAR, "no-plan"]) {
        for (const order of orders) {
          await world.close();
          await prepare(await openGecko());
          planId = await plan({ providerIds: { polar: [PRODUCT] } });
          await open();
          for (const event of order) {
            await send(event, event === "renewal" ? { "data.product_id": bought } : {});
          }
          expect([order, await plansOf()]).toEqual([order, bought === DEAR ? dear : null]);
        }
      }
    });

    test("what says nothing new of it writes no license, and a deleted plan is not taken back", async () => {
      await send("first");
      const sold = await license();
      const told = (await auditOf(world, orgId)).length;
      world.clock.advance(1_000);
      await send("first", { timestamp: "2026-11-01T10:16:00Z" });
      await send("canceled");
      expect([await license(), (await auditOf(world, orgId)).length]).toEqual([sold, told]);
      await as(world, owner, `DELETE ${PLANS}/${planId}`);
      await send("uncanceled");
      expect(await license()).toEqual(sold);
      await send("renewal");
      expect(await plansOf()).toBeNull();
    });

    test("a plan that is mended is theirs when the sale is tried again", async () => {
      await as(world, owner, `DELETE ${PLANS}/${planId}`);
      await send("first", { "data.metadata": { productId: "prod_plans", planId } });
      expect(await plansOf()).toBeNull();
      const mended = await plan({ providerIds: { polar: [PRODUCT] } });
      const [failed] = await eventsIn(world, { status: "failed" });
      await world.admin("retryInboundEvent", { eventId: failed?.["eventId"] });
      expect(await plansOf()).toBe(mended);
    });
  });

  test("401 unproven, 400 stale, and nothing is kept; a replay answers what it answered", async () => {
    const raw = payload("polar/order.paid.subscription_create");
    const path = "v1/billing/polar-webhook";
    const forged = await deliver(world, "polar", raw, { path, secret: "guess" });
    expect(said(forged)).toEqual([401, "UNAUTHORIZED"]);
    const stale = await deliver(world, "polar", raw, { path, at: NOW - 301_000 });
    expect(said(stale)).toEqual([400, "VALIDATION_ERROR"]);
    expect(said(await world.call(path, undefined, { raw: "{}" }))).toEqual([401, "UNAUTHORIZED"]);
    expect([await eventsIn(world), await licensesIn(world)]).toEqual([[], []]);
    const first = await send("first");
    expect((await send("first")).body).toEqual(first.body);
    expect(world.touched()).toMatchObject({ reads: 1, writes: 0 });
  });
});
