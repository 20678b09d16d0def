import { collections } from "../../functions/src/store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
  type TransactionBody,
} from "../../functions/src/store/document-store.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { countedOf } from "../support/change-license.ts";
import { project, sendRaw, signedCall } from "../support/codegate.ts";
import { codeOf, geckoCall, geckoKey } from "../support/geckoguard.ts";
import { ask, proxgateKey } from "../support/proxgate.ts";
import { ADMIN_SECRET, machine, openWorld, type World } from "../support/world.ts";

type Outage = "none" | "before" | "at the commit" | "after the commit";

/** A store that can be told to fail, and when of a transaction. */
function fragile() {
  const inner = openSqliteStore({ path: ":memory:", collections });
  const state = { outage: "none" as Outage };
  const fail = () => {
    throw new StoreUnavailableError("Gone.");
  };
  const unless =
    <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> =>
      state.outage === "before" ? fail() : run(...args);
  const store = {
    get: unless(inner.get.bind(inner)),
    getMany: unless(inner.getMany.bind(inner)),
    query: unless(inner.query.bind(inner)),
    count: unless(inner.count.bind(inner)),
    commit: unless(inner.commit.bind(inner)),
    transaction: unless(async <R>(body: TransactionBody<R>) => {
      const result = await inner.transaction(async (tx) => {
        const done = await body(tx);
        return state.outage === "at the commit" ? fail() : done;
      });
      return state.outage === "after the commit" ? fail() : result;
    }),
    close: () => inner.close(),
  } as DocumentStore;
  return { store, state };
}

let world: World;
let state: { outage: Outage };
beforeEach(async () => {
  const opened = fragile();
  state = opened.state;
  world = await openWorld({ store: opened.store });
});
afterEach(async () => {
  state.outage = "none";
  await world.close();
});

const headers = { "x-admin-secret": ADMIN_SECRET };
const BUSY = { code: "STORE_UNAVAILABLE", requestId: expect.any(String) };

test.each<Outage>(["before", "at the commit"])(
  "the store fails %s: 503 with Retry-After on native functions, and nothing is changed",
  async (outage) => {
    const licenseKey = await world.license({ licenseType: "floating", maxConcurrent: 3 });
    const { body } = await world.call("activate", machine(licenseKey, "a"));
    const token = body["token"];
    const before = await countedOf(world, licenseKey);
    state.outage = outage;
    const asked: [name: string, body: object][] = [
      ["activate", machine(licenseKey, "b")],
      ["deactivate", machine(licenseKey, "a")],
      ["heartbeat", { ...machine(licenseKey, "a"), token }],
      ["validate", { ...machine(licenseKey, "a"), token }],
      ["createLicense", { email: "b@example.com", productId: "prod_tools" }],
      ["revokeLicense", { licenseKey, reason: "manual" }],
      ["createProduct", { name: "More", productId: "prod_more" }],
    ];
    for (const [name, ask] of asked) {
      const admin = /License|Product/.test(name);
      const reply = await world.call(name, ask, admin ? { headers } : {});
      expect([name, reply]).toEqual([
        name,
        expect.objectContaining({ status: 503, body: expect.objectContaining(BUSY) }),
      ]);
      expect(reply.headers.get("retry-after")).toBe("1");
    }
    state.outage = "none";
    expect(await countedOf(world, licenseKey)).toEqual(before);
    expect((await world.call("activate", machine(licenseKey, "b"))).status).toBe(200);
  },
);

test("each dialect says it in its own envelope, with Retry-After", async () => {
  const licenseKey = await world.license();
  const apiKey = await proxgateKey(world);
  const codes = await project(world);
  const owner = await geckoKey(world);
  state.outage = "before";
  const validated = await ask(world, apiKey, "licenses/validate", { license_key: licenseKey });
  // Its clients know no 503.
  expect(validated).toMatchObject({
    status: 500,
    body: { success: false, code: "INTERNAL_ERROR", error: expect.any(String) },
  });
  expect(validated.headers.get("retry-after")).toBe("1");
  const listed = await sendRaw(
    world.url,
    signedCall(codes, { path: "/codes", at: world.clock.now() }),
  );
  expect(listed).toMatchObject({ status: 503, body: { detail: expect.any(String) } });
  expect(listed.headers["retry-after"]).toBe("1");
  const gecko = await geckoCall(world, "GET /v1/whoami", owner);
  expect(gecko.status).toBe(503);
  expect(codeOf(gecko)).toBe("SERVICE_UNAVAILABLE");
  expect(gecko.headers.get("retry-after")).toBe("1");
});

test("a commit whose answer was lost: the retry under its Idempotency-Key changes nothing again", async () => {
  await world.license();
  const send = () =>
    world.call(
      "createLicense",
      { email: "once@example.com", productId: "prod_tools" },
      { headers: { ...headers, "idempotency-key": "order-1" } },
    );
  state.outage = "after the commit";
  expect((await send()).status).toBe(503);
  state.outage = "none";
  const reply = await send();
  expect(reply.status).toBe(200);
  expect(reply.headers.get("idempotent-replayed")).toBe("true");
  const { licenses } = await world.admin("listLicenses", { email: "once@example.com" });
  expect(licenses).toMatchObject([{ key: reply.body["licenseKey"] }]);
});
