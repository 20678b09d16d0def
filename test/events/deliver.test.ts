import { Webhook } from "standardwebhooks";
import {
  type Delivery,
  nextAttemptAt,
  type WebhookFormat,
} from "../../functions/src/core/webhooks.ts";
import { createPost, type Post } from "../../functions/src/events/send.ts";
import { createDeliverer, type Deliverer } from "../../functions/src/operations/events/deliver.ts";
import {
  collections,
  deliveries,
  outbox,
  webhookEndpoints,
} from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import {
  deliveriesTo,
  endpoint,
  event,
  SECRET,
  seedEndpoints,
  seedEvents,
  vault,
} from "../support/events.ts";
import { closeReceivers, receive } from "../support/receiver.ts";
import { DAY, HOUR, MINUTE, NOW, SECOND } from "../support/records.ts";

type Sent = { host: string; id: string; n: number };

let store: DocumentStore;
let time: number;
let sent: Sent[];
let faults: unknown[];
beforeEach(() => {
  store = openSqliteStore({ path: ":memory:", collections });
  time = NOW;
  sent = [];
  faults = [];
});
afterEach(async () => {
  await closeReceivers();
  await store.close();
  expect(faults).toEqual([]);
});

const OK = { status: 200, error: null };
const DOWN = { status: 503, error: "answered 503" };

/** Notes what is sent, and answers by the first part of the host's name. */
const scripted =
  (
    answers: Record<string, (sent: Sent) => ReturnType<Post> | Awaited<ReturnType<Post>>> = {},
  ): Post =>
  async ({ url, headers, body }) => {
    const host = new URL(url).hostname.split(".")[0] ?? "";
    const one = { host, id: headers["webhook-id"] ?? "", n: Number(JSON.parse(body).data.n) };
    sent.push(one);
    return (await answers[host]?.(one)) ?? OK;
  };

const runner = (post: Post, over: DocumentStore = store): Deliverer =>
  createDeliverer({
    store: over,
    now: () => time,
    vault,
    post,
    chance: () => 0,
    failed: (error) => faults.push(error),
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
  });

async function settle(deliverer: Deliverer, rounds = 1) {
  for (let round = 0; round < rounds; round++) {
    await deliverer.round({ maxBatches: 1_000 });
    await deliverer.idle();
  }
}
const one = async (of: ReturnType<typeof endpoint>): Promise<Delivery> => {
  const [first] = await deliveriesTo(store, of);
  if (!first) throw new Error("none");
  return first;
};

describe("fan-out", () => {
  test("every endpoint that wants an event gets it once; the event is gone", async () => {
    const others = [
      endpoint("a"),
      endpoint("b", { events: ["license.revoked"] }),
      endpoint("c", { enabled: false }),
      endpoint("d", { accountId: "other" }),
      endpoint("e", { format: "geckoguard", events: ["license.created"] }),
    ];
    await seedEndpoints(store, others);
    await seedEvents(store, [event(1), event(2, { type: "license.extended" })]);
    await settle(
      runner(async ({ url }) => {
        sent.push({ host: url, id: "", n: 0 });
        return OK;
      }),
      2,
    );
    expect(sent.map(({ host }) => host).sort()).toEqual([
      "https://a.example/hook",
      "https://a.example/hook",
      "https://e.example/hook",
    ]);
    expect(await store.query(outbox, "oldest", { limit: 1 })).toMatchObject({ items: [] });
    expect(await one(endpoint("e"))).toMatchObject({
      state: "delivered",
      attempts: 1,
      dueAt: null,
      lastStatus: 200,
      name: "license.created",
    });
  });

  test("an activation is two deliveries to an endpoint in ProxGate's format", async () => {
    const prox = endpoint("p", { format: "proxgate" });
    await seedEndpoints(store, [prox]);
    await seedEvents(store, [event(1, { type: "license.activated" })]);
    await settle(runner(async () => OK));
    const made = await deliveriesTo(store, prox);
    expect(made.map(({ name }) => name).sort()).toEqual([
      "ACTIVATION_CREATED",
      "LICENSE_ACTIVATED",
    ]);
  });

  test("the trigger's event alone is delivered, and a repeat of it does nothing", async () => {
    await seedEndpoints(store, [endpoint("a"), endpoint("b", { ordered: true })]);
    await seedEvents(store, [event(1, { licenseId: event(9).id }), event(2)]);
    const deliverer = runner(scripted());
    for (let time = 0; time < 2; time++) {
      await deliverer.take(event(1).id);
      await deliverer.idle();
    }
    expect(sent.map(({ host, n }) => `${host}${n}`).sort()).toEqual(["a1", "b1"]);
  });
});

describe("retries", () => {
  test.each<[WebhookFormat, number[], number[]]>([
    ["proxgate", [1, 5, 15, 30, 60], [1, 5, 15, 30, 60]],
    ["geckoguard", [1, 2, 4, 8, 16], [1.1, 2.2, 4.4, 8.8, 17.6]],
    [
      "standard",
      [5 / 60, 5, 30, 120, 240, 420, 624 + 55 / 60],
      [5.5 / 60, 5.5, 33, 132, 264, 462, 687 + 24.5 / 60],
    ],
  ])("%s: minutes between attempts, without and with the longest jitter", (format, least, most) => {
    for (const [chance, minutes] of [
      [0, least],
      [1, most],
    ] as const) {
      const found = [...minutes, 0].map((_, index) => nextAttemptAt(format, index + 1, 0, chance));
      expect(found).toEqual([...minutes.map((minute) => Math.round(minute * MINUTE)), undefined]);
    }
    if (format === "standard") {
      expect(least.reduce((sum, minute) => sum + minute, 0) * MINUTE).toBeCloseTo(DAY, -3);
    }
  });

  test("six attempts with one id, each when it is due and not before; then failed", async () => {
    const prox = endpoint("p", { format: "proxgate" });
    await seedEndpoints(store, [prox]);
    await seedEvents(store, [event(1)]);
    const ids: string[] = [];
    const deliverer = runner(async ({ headers }) => {
      ids.push(headers["X-ProxGate-Delivery"] ?? "");
      return DOWN;
    });
    await settle(deliverer);
    for (const [index, minutes] of [1, 5, 15, 30, 60].entries()) {
      time += minutes * MINUTE - 1;
      await settle(deliverer);
      expect(ids).toHaveLength(index + 1);
      expect(await one(prox)).toMatchObject({
        state: "pending",
        lastError: "answered 503",
        dueAt: time + 1,
      });
      time += 1;
      await settle(deliverer);
      expect(ids).toHaveLength(index + 2);
    }
    expect(new Set(ids).size).toBe(1);
    expect(await one(prox)).toMatchObject({
      state: "failed",
      attempts: 6,
      dueAt: null,
      lastStatus: 503,
    });
    time += DAY;
    await settle(deliverer);
    expect(ids).toHaveLength(6);
  });

  test("410 disables the endpoint and drops what else it was to get", async () => {
    await seedEndpoints(store, [endpoint("gone")]);
    await seedEvents(
      store,
      Array.from({ length: 30 }, (_, n) => event(n)),
    );
    await settle(runner(scripted({ gone: () => ({ status: 410, error: "answered 410" }) })), 3);
    expect(await store.get(webhookEndpoints, endpoint("gone").id)).toMatchObject({
      enabled: false,
      disabledReason: "it answered 410",
    });
    time += HOUR;
    await settle(runner(scripted()), 2);
    const all = await deliveriesTo(store, endpoint("gone"));
    expect(all).toHaveLength(30);
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(["failed"]));
    expect(sent.length).toBeLessThanOrEqual(4);
    expect(all.some(({ lastError }) => lastError === "endpoint disabled")).toBe(true);
  });

  test("a secret that signs along ends when its time has come", async () => {
    const at = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;
    const secrets = [
      { sealed: vault.seal("webhook", SECRET), endsAt: null },
      { sealed: vault.seal("webhook", at(3)), endsAt: NOW + 1 },
      { sealed: vault.seal("webhook", at(4)), endsAt: NOW },
    ];
    await seedEndpoints(store, [endpoint("a", { secrets })]);
    await seedEvents(store, [event(1)]);
    let signatures = 0;
    await settle(
      runner(async ({ headers }) => {
        signatures = (headers["webhook-signature"] ?? "").split(" ").length;
        return OK;
      }),
    );
    expect(signatures).toBe(2);
  });
});

describe("crashes", () => {
  test("between claim and result: after the lease another runner repeats it under the same id", async () => {
    await seedEndpoints(store, [endpoint("a")]);
    await seedEvents(store, [event(1)]);
    const died = runner(scripted({ a: () => new Promise(() => {}) }));
    await died.round({ maxBatches: 10 });
    const other = runner(scripted());
    time += 59 * SECOND;
    await settle(other);
    expect(sent).toHaveLength(1);
    time += SECOND;
    await settle(other);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(await one(endpoint("a"))).toMatchObject({ state: "delivered", attempts: 2 });
  });

  test("a late failure does not undo what another runner delivered; a late success counts", async () => {
    await seedEndpoints(store, [endpoint("a"), endpoint("b")]);
    await seedEvents(store, [event(1)]);
    const late = Promise.withResolvers<typeof OK | typeof DOWN>();
    const slow = runner(scripted({ a: () => late.promise, b: () => late.promise.then(() => OK) }));
    await slow.round({ maxBatches: 10 });
    time += MINUTE;
    await settle(runner(scripted({ b: () => DOWN })));
    late.resolve(DOWN);
    await slow.idle();
    expect(await one(endpoint("a"))).toMatchObject({ state: "delivered", attempts: 2 });
    expect(await one(endpoint("b"))).toMatchObject({ state: "delivered", attempts: 2 });
  });

  test("two runners at once deliver each event once", async () => {
    await seedEndpoints(store, [endpoint("a"), endpoint("b", { ordered: true })]);
    const licenseId = event(0).id;
    await seedEvents(
      store,
      Array.from({ length: 200 }, (_, n) => event(n, { licenseId: n % 2 ? licenseId : null })),
    );
    const runners = [runner(scripted()), runner(scripted())];
    await Promise.all(runners.map((each) => settle(each, 3)));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(400);
    expect(sent).toHaveLength(400);
  });
});

test("one that hangs with 200 pending delays no other, and is soon left alone", async () => {
  await seedEndpoints(store, [endpoint("hung"), endpoint("well")]);
  await seedEvents(
    store,
    Array.from({ length: 200 }, (_, n) => event(n)),
  );
  const hung = Promise.withResolvers<typeof DOWN>();
  const deliverer = runner(scripted({ hung: () => hung.promise }));
  await deliverer.round({ maxBatches: 1_000 });
  await new Promise((done) => setTimeout(done, 50));
  await seedEvents(store, [event(200)]);
  await deliverer.round({ maxBatches: 1_000 });
  await new Promise((done) => setTimeout(done, 50));
  expect(sent.filter(({ host }) => host === "well").length).toBe(201);
  expect(sent.filter(({ host }) => host === "hung").length).toBe(4);
  hung.resolve(DOWN);
  await deliverer.idle();
  expect(sent.filter(({ host }) => host === "hung").length).toBe(4);
  const waiting = await deliveriesTo(store, endpoint("hung"));
  expect(waiting.every(({ state, dueAt }) => state === "pending" && dueAt !== null)).toBe(true);
  expect(
    waiting.filter(({ lastError }) => lastError?.startsWith("not sent:")).length,
  ).toBeGreaterThanOrEqual(8);
  for (let minute = 0; minute < 40; minute++) {
    time += MINUTE;
    await settle(runner(scripted()));
  }
  const all = await deliveriesTo(store, endpoint("hung"));
  expect(all.filter(({ state }) => state === "delivered")).toHaveLength(201);
});

test("an endpoint that asks for it gets the events of a license in order, however it flaps", async () => {
  await seedEndpoints(store, [endpoint("strict", { ordered: true })]);
  const licenses = [event(900).id, event(901).id, event(902).id];
  await seedEvents(
    store,
    Array.from({ length: 60 }, (_, n) => event(n, { licenseId: licenses[n % 3] ?? null })),
  );
  const accepted: number[] = [];
  let calls = 0;
  const deliverer = runner(
    scripted({
      strict: ({ n }) => {
        calls += 1;
        if (calls % 3 === 0) return DOWN;
        accepted.push(n);
        return OK;
      },
    }),
  );
  for (let round = 0; round < 200 && accepted.length < 60; round++) {
    await settle(deliverer);
    time += 5 * MINUTE;
  }
  expect(accepted).toHaveLength(60);
  for (const rest of [0, 1, 2]) {
    const ofLicense = accepted.filter((n) => n % 3 === rest);
    expect(ofLicense).toEqual(ofLicense.toSorted((a, b) => a - b));
  }
});

test.each([
  ["nobody wants", 0, { reads: 6, writes: 1 }],
  ["one endpoint is given", 1, { reads: 7, writes: 3 }],
  ["three endpoints are given", 3, { reads: 11, writes: 7 }],
])("an event that %s costs what the README says", async (_, count, cost) => {
  // Three of the reads are looks in vain once all is done.
  await seedEndpoints(
    store,
    ["a", "b", "c"].slice(0, count).map((name) => endpoint(name)),
  );
  await seedEvents(store, [event(1)]);
  const { store: counted, meter } = metered(store);
  await settle(runner(scripted(), counted));
  expect(sent).toHaveLength(count);
  expect(meter).toMatchObject(cost);
});

test("a backlog drains in batches; nothing that is done is read again", async () => {
  await seedEndpoints(store, [endpoint("a")]);
  const COUNT = 1_000;
  const record = (n: number): Delivery => ({
    id: event(n).id,
    endpointId: endpoint("a").id,
    accountId: "studio",
    eventId: event(n).id,
    type: "license.created",
    productId: null,
    licenseId: null,
    data: { n },
    occurredAt: NOW,
    state: "pending",
    attempts: 1,
    dueAt: NOW - n,
    lastStatus: null,
    lastError: null,
    lastDurationMs: null,
    createdAt: NOW,
    updatedAt: NOW,
    expireAt: NOW + DAY,
  });
  await store.commit(
    Array.from(
      { length: COUNT },
      (_, n) => ({ kind: "create", collection: deliveries, record: record(n) }) as const,
    ),
  );
  const { store: counted, meter } = metered(store);
  await settle(runner(scripted(), counted));
  expect(sent).toHaveLength(COUNT);
  // Each is read when it is found, claimed and recorded; beyond that each batch reads its endpoints.
  expect(meter.reads).toBeLessThanOrEqual(3 * COUNT + 60);
  expect(meter.writes).toBe(2 * COUNT);
});

test("1,000 events to 10 receivers that fail now and then: all arrive, and each proves its origin", async () => {
  const webhook = new Webhook(SECRET);
  const got = Array.from({ length: 10 }, () => new Set<number>());
  const endpoints = await Promise.all(
    got.map(async (seen, index) => {
      let calls = 0;
      const { url } = await receive(({ headers, body }, response) => {
        calls += 1;
        if (calls % (50 + index) === 0) return response.writeHead(500).end();
        const id = String(headers["webhook-id"]);
        const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
        expect(headers["webhook-signature"]).toBe(webhook.sign(id, at, body));
        seen.add(JSON.parse(body).data.n);
        return response.end();
      });
      return endpoint(`r${index}`, { url });
    }),
  );
  await seedEndpoints(store, endpoints);
  await seedEvents(
    store,
    Array.from({ length: 1_000 }, (_, n) => event(n)),
  );
  const deliverer = runner(createPost({ allowLoopback: true, timeoutMs: 5_000 }));
  for (let round = 0; round < 20 && got.some(({ size }) => size < 1_000); round++) {
    await settle(deliverer);
    time += MINUTE;
  }
  expect(got.map(({ size }) => size)).toEqual(got.map(() => 1_000));
});
