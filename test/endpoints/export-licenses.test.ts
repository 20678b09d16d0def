import { get } from "node:http";
import { changeLicense, licenseOf } from "../support/change-license.ts";
import { seedKey, seedLicenses } from "../support/seed-licenses.ts";
import { ADMIN_SECRET, type Json, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const ask = (filter: Json = {}, credentials: Record<string, string> = headers) =>
  fetch(`${world.url}/exportLicenses`, {
    method: "POST",
    headers: credentials,
    body: JSON.stringify(filter),
  });
const exported = async (filter: Json) => JSON.parse(await (await ask(filter)).text()) as Json[];

const seed = (count: number) =>
  seedLicenses(
    world.deps,
    Array.from({ length: count }, (_, n) => ({ createdAt: NOW + n })),
  );

/** Lets the store fail at its nth query. */
function failAtQuery(nth: number): void {
  const query = world.store.query.bind(world.store);
  let queries = 0;
  world.deps.store.query = ((...given: Parameters<typeof query>) => {
    if (++queries >= nth) throw new Error("the disk is gone");
    return query(...given);
  }) as typeof query;
}

test("200 CSV with a row of names, as a file to save", async () => {
  const key = await world.license({ email: "a@example.com", purchaseId: "p,1" });
  const response = await ask();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/csv/);
  expect(response.headers.get("content-disposition")).toBe('attachment; filename="licenses.csv"');
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.text()).toBe(
    [
      "key,email,productId,variant,licenseType,status,threatLevel,suspendsAt,maxMachines,maxConcurrent,createdAt,purchasedAt,expiresAt,discountCode,purchaseId,bundleId,unlockedProducts,disputeReason,disputedAt,unresolvedViolationsCount,machinesUsed",
      `${key},a@example.com,prod_tools,indie,per-machine,active,0,,2,,2026-11-20T09:00:00.000Z,,,,"p,1",,,,,0,0`,
      "",
    ].join("\r\n"),
  );
});

test("200 no cell is a formula, and every cell comes back as it was", async () => {
  const key = await world.license();
  const odd = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'say "hi"', "a,b", "line\nbreak"];
  const cells: string[] = [];
  for (const disputeReason of odd) {
    await changeLicense(world, key, { disputeReason });
    const [, row = ""] = (await (await ask()).text()).split(/\r\n(?=[^,]*,a@example)/);
    cells.push(row.split("2026-11-20T09:00:00.000Z,,,,,,,")[1]?.split(",,0,0")[0] ?? "");
  }
  expect(cells).toEqual([
    "'=1+1",
    "'+1",
    "'-1",
    "'@x",
    "'\tx",
    '"\'\rx"',
    '"say ""hi"""',
    '"a,b"',
    '"line\nbreak"',
  ]);
});

test("200 a number is never taken for a formula: -1 machines stay -1", async () => {
  await world.license({ licenseType: "site" });
  expect(await (await ask()).text()).toContain(",site,active,0,,-1,");
});

test("200 JSON is what listLicenses lists, and nothing is an empty array", async () => {
  expect(await exported({ format: "json" })).toEqual([]);
  await world.license();
  await world.license({ email: "b@example.com" });
  const { licenses } = await world.admin("listLicenses", {});
  expect(await exported({ format: "json" })).toEqual(licenses);
  expect(await exported({ format: "json", email: "b@example.com" })).toHaveLength(1);
});

test("200 by GET, all pages, in the account's scope", async () => {
  await seed(1_203);
  await world.license();
  const url = `${world.url}/exportLicenses?format=json&creatorId=studio-one`;
  const items = (await (await fetch(url, { headers })).json()) as Json[];
  expect(items.map(({ key }) => key)).toEqual(
    Array.from({ length: 1_203 }, (_, n) => seedKey(1_202 - n)),
  );
  const made = await world.admin("createApiKey", { name: "k", creatorId: "default" });
  const own = await ask({ format: "json" }, { "x-api-key": String(made["apiKey"]) });
  expect(await own.json()).toHaveLength(1);
});

test("200 a filter that is checked license by license is followed to its end", async () => {
  await seed(1_100);
  const last = await licenseOf(world, seedKey(0));
  await changeLicense(world, seedKey(0), { ...last, variant: "rare" });
  expect(await exported({ format: "json", search: "artist", variant: "rare" })).toHaveLength(1);
});

test("refusals and faults before the first byte are in the envelope", async () => {
  expect(await (await ask({ productId: "prod_none" })).json()).toMatchObject({
    success: false,
    code: "PRODUCT_NOT_FOUND",
  });
  expect((await ask({ format: "xml" })).status).toBe(400);
  expect((await ask({}, {})).status).toBe(401);
  failAtQuery(1);
  const failed = await ask();
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ success: false, code: "INTERNAL" });
});

test.each(["csv", "json"])(
  "a fault in the middle breaks %s off and is logged once",
  async (format) => {
    await seed(1_200);
    failAtQuery(2);
    const response = await ask({ format });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    const faults = world.logs.filter(({ severity }) => severity === "ERROR");
    expect(faults).toMatchObject([{ error: expect.stringContaining("the disk is gone") }]);
    expect(world.logs.at(-1)).toMatchObject({ status: 200, cutOff: true });
  },
);

test("a reader that goes away ends the reading, and is no fault", async () => {
  await seed(500);
  const query = world.store.query.bind(world.store);
  let first: ReturnType<typeof query> | undefined;
  // A list without end: only the reader's leaving stops it.
  world.deps.store.query = (async (...given: Parameters<typeof query>) => {
    await new Promise(setImmediate);
    first ??= query(...given);
    return { items: (await first).items, next: "more" };
  }) as typeof query;
  await new Promise((gone) => {
    get(`${world.url}/exportLicenses?format=json`, { headers }, (response) => {
      response.once("data", () => response.destroy());
      response.on("close", gone);
    });
  });
  while (world.logs.length === 0) await new Promise(setImmediate);
  expect(world.logs).toMatchObject([{ severity: "INFO", status: 200, cutOff: true }]);
});
