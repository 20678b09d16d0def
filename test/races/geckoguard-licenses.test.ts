import { endUsers, licenses } from "../../functions/src/store/collections.ts";
import { putEndUser } from "../support/end-users.ts";
import { useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { ADMIN_SECRET, HOUR, type Json, NOW, type Reply, type World } from "../support/world.ts";

describe.each(useEngines())("$name: licenses made and changed by many at once", (engine) => {
  let world: World;
  let owner: Owner;
  let path: string;
  beforeEach(async () => {
    world = await openGecko({ store: engine.open() });
    owner = await geckoKey(world);
    path = `/v1/products/${owner.productId}/licenses`;
  });
  afterEach(() => world.close());

  /** The answer, once the store is not busy. */
  async function unlessBusy(ask: () => Promise<Reply>) {
    for (let left = engine.retries; ; left--) {
      const reply = await ask();
      if (reply.status !== 503 || left === 0) return reply;
    }
  }
  const call = (route: string, body?: unknown) =>
    unlessBusy(() => geckoCall(world, route, owner, { body }));
  const dataOf = ({ body }: Reply) => body["data"] as Json;
  const total = async (query: string) =>
    (dataOf(await call(`GET ${path}?${query}`))["pagination"] as Json)["total"];

  test("of many who make a license with one key, one does", async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => call(`POST ${path}`, { key: "one-key" })),
    );
    const statuses = replies.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 11 }, () => 409)]);
    expect(await total("")).toBe(1);
  });

  test("500 are there at once, in pages that lose none, and end together", async () => {
    const expiresAt = new Date(NOW + HOUR).toISOString();
    const made = dataOf(await call(`POST ${path}`, { count: 500, expiresAt }));
    const listed: unknown[] = [];
    for (let page = 1; page <= 5; page++) {
      const { licenses: found } = dataOf(await call(`GET ${path}?page=${page}&pageSize=120`));
      listed.push(...(found as Json[]));
    }
    expect(listed).toEqual(made["licenses"]);
    const { licenses: jumped } = dataOf(await call(`GET ${path}?page=7&pageSize=70`));
    expect(jumped).toEqual((made["licenses"] as Json[]).slice(420, 490));
    world.clock.advance(HOUR);
    expect([await total("status=ACTIVE"), await total("status=EXPIRED")]).toEqual([0, 500]);
  }, 30_000);

  test("an answer longer than a document is given again under its Idempotency-Key", async () => {
    const ask = {
      body: { count: 500, note: "鍵".repeat(500) },
      headers: { "Idempotency-Key": "long" },
    };
    const first = await unlessBusy(() => geckoCall(world, `POST ${path}`, owner, ask));
    expect(Buffer.byteLength(JSON.stringify(first.body))).toBeGreaterThan(1_000_000);
    const again = await geckoCall(world, `POST ${path}`, owner, ask);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
    expect(again.body).toEqual(first.body);
    expect(await total("")).toBe(500);
  }, 30_000);

  test("an end user's count is exact while licenses come, move and go", async () => {
    const ids = [1, 2].map((n) => `e1e10000-0000-4000-8000-00000000000${n}`);
    for (const id of ids) await putEndUser(world, { id, email: `${id}@example.com` });
    const [ann, bob] = ids;
    const work = Array.from({ length: 8 }, async (_, n) => {
      const made = dataOf(await call(`POST ${path}`, { endUserId: ann, count: 2 }));
      const [first, second] = made["licenses"] as Json[];
      if (n % 2 === 0) await call(`DELETE ${path}/${first?.["id"]}`);
      if (n % 4 === 1) await call(`PATCH ${path}/${second?.["id"]}`, { endUserId: bob });
    });
    await Promise.all(work);
    for (const id of ids) {
      const endUser = await world.store.get(endUsers, id);
      expect(await total(`endUserId=${id}`)).toBe(endUser?.licenseCounts[owner.productId]);
    }
    expect(await total("")).toBe(12);
  });

  test("a change by id finds the license although its key is rotated meanwhile", async () => {
    const made = dataOf(await call(`POST ${path}`, {}))["license"] as Json;
    let licenseKey = made["key"];
    const rotations = async () => {
      for (let turn = 0; turn < 6; turn++) {
        const headers = { "x-admin-secret": ADMIN_SECRET };
        const reply = await unlessBusy(() =>
          world.call("rotateLicenseKey", { licenseKey }, { headers }),
        );
        licenseKey = reply.body["licenseKey"] ?? licenseKey;
      }
    };
    const patches = Array.from({ length: 12 }, (_, n) =>
      call(`PATCH ${path}/${made["id"]}`, { note: `note ${n}` }),
    );
    const [, ...replies] = await Promise.all([rotations(), ...patches]);
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const { items } = await world.store.query(licenses, "byIdentity", {
      equal: { id: String(made["id"]) },
      limit: 5,
    });
    expect(items).toMatchObject([{ note: expect.stringMatching(/^note \d+$/) }]);
    expect((await call(`GET ${path}/${made["id"]}`)).body).toMatchObject({
      data: { license: { key: licenseKey } },
    });
  });
});
