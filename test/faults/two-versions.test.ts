import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type * as z from "zod";
import { fanOut } from "../../functions/src/operations/events/fan-out.ts";
import { collections, outbox } from "../../functions/src/store/collections.ts";
import type { AnyCollection } from "../../functions/src/store/document-store.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { newDataDir, startServer } from "../support/server-process.ts";
import { machine, openWorld } from "../support/world.ts";

/** What a newer version put there; the one under test does not know it. */
const NEWS = { fromLater: { kept: true } };

type Tree = { [name: string]: unknown };
const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The document with something unknown in it and in every object inside it that is a record. */
const withNews = (tree: Tree, path = ""): Tree => ({
  ...Object.fromEntries(
    Object.entries(tree).map(([name, value]) => {
      if (isTree(value) && !FREE.has(name)) return [name, withNews(value, `${path}.${name}`)];
      return Array.isArray(value)
        ? [name, value.map((each) => (isTree(each) ? withNews(each) : each))]
        : [name, value];
    }),
  ),
  ...NEWS,
});
/** Maps whose members are data. */
const FREE = new Set(["details", "data", "before", "after"]);

test("what a newer version wrote survives every read and write of this one", async () => {
  const path = join(newDataDir(), "latchkey.sqlite");
  const world = await openWorld({ store: openSqliteStore({ path, collections }) });
  const key = await world.license({ licenseType: "floating", maxConcurrent: 3 });
  const { body } = await world.call("activate", machine(key, "a"));
  await world.call("activate", machine(key, "b"));
  await world.admin("createTrialCode", { code: "TRY", productId: "prod_tools" });
  await world.admin("createWebhookEndpoint", { url: "http://127.0.0.1:9/hook", events: ["*"] });

  const beside = new DatabaseSync(path);
  const rows = (table: string) =>
    beside.prepare(`SELECT id, json FROM "${table}"`).all() as { id: string; json: string }[];
  for (const { name } of collections) {
    for (const { id, json } of rows(name)) {
      const news = JSON.stringify(withNews(JSON.parse(json)));
      beside.prepare(`UPDATE "${name}" SET json = ? WHERE id = ?`).run(news, id);
    }
  }

  const ask = { ...machine(key, "a"), token: body["token"] };
  expect((await world.call("heartbeat", ask)).status).toBe(200);
  expect((await world.call("validate", ask)).status).toBe(200);
  expect((await world.call("activate", machine(key, "c"))).status).toBe(200);
  expect((await world.call("deactivate", machine(key, "b"))).status).toBe(200);
  await world.admin("updateLicense", { licenseKey: key, maxConcurrent: 5 });
  await world.admin("revokeLicense", { licenseKey: key, reason: "manual" });
  await world.admin("reinstateLicense", { licenseKey: key });
  await world.admin("rotateLicenseKey", { licenseKey: key });
  await world.admin("updateProduct", { productId: "prod_tools", name: "Other" });
  await world.admin("updateTrialCode", { code: "TRY", maxUses: 3 });

  const changed = (table: string) => rows(table).map(({ json }) => JSON.parse(json) as Tree);
  expect(changed("licenses")).toMatchObject([{ ...NEWS, attempts: NEWS, watch: NEWS }]);
  expect(changed("products")).toMatchObject([NEWS]);
  expect(changed("activations").filter((one) => "fromLater" in one)).toHaveLength(1);
  expect(changed("codes")).toMatchObject([NEWS]);
  beside.close();
  await world.close();
});

/** The built bundle with one more field in its licenses, which it writes wherever it writes one. */
function laterBundle(): string {
  const later = newDataDir();
  cpSync(join(__dirname, "../../functions/lib"), later, { recursive: true });
  const path = join(later, "index.cjs");
  const licenses = /(idField: "keyHash",\s+shape: \{)\s+keyHash: (\w+)\(\),/;
  const code = readFileSync(path, "utf8");
  expect(code).toMatch(licenses);
  const more = '$1 fromLater: $2().default("later"), keyHash: $2(),';
  writeFileSync(path, code.replace(licenses, more));
  return later;
}

test("two bundles on one store keep the limits together, and what the later one wrote", async () => {
  const ours = await startServer();
  const later = await startServer({ dataDir: ours.dataDir, bundle: laterBundle() });
  await ours.admin("createProduct", { name: "Tools", productId: "prod_tools" });
  const terms = { email: "a@example.com", productId: "prod_tools", maxMachines: 3 };
  for (const [made, other] of [
    [later, ours],
    [ours, later],
  ] as const) {
    const licenseKey = String((await made.admin("createLicense", terms))["licenseKey"]);
    const tried = await Promise.all(
      Array.from({ length: 12 }, (_, caller) =>
        (caller % 2 ? made : other).call("activate", machine(licenseKey, `m${caller}`)),
      ),
    );
    expect(tried.filter(({ status }) => status === 200)).toHaveLength(3);
    await other.admin("updateLicense", { licenseKey, maxMachines: 5 });
    await made.admin("updateLicense", { licenseKey, maxMachines: 4 });
    expect(await other.admin("getLicense", { licenseKey })).toMatchObject({
      license: { maxMachines: 4 },
      machinesUsed: 3,
    });
  }
  const beside = new DatabaseSync(join(ours.dataDir, "latchkey.sqlite"));
  const rows = beside.prepare("SELECT json FROM licenses").all() as { json: string }[];
  const written = rows.map(({ json }) => (JSON.parse(json) as Tree)["fromLater"]);
  beside.close();
  expect(written).toEqual(["later", "later"]);
});

test("an event that only a newer version knows is handed on, and holds up no other", async () => {
  const path = join(newDataDir(), "latchkey.sqlite");
  const world = await openWorld({ store: openSqliteStore({ path, collections }) });
  for (const format of ["standard", "proxgate", "geckoguard"]) {
    const url = `https://example.com/${format}`;
    await world.admin("createWebhookEndpoint", { url, format, events: ["*"] });
  }
  await world.license();
  const beside = new DatabaseSync(path);
  const news = `json_set(json, '$.type', 'license.painted')`;
  beside.exec(`UPDATE outbox SET json = ${news} WHERE json ->> '$.type' = 'license.created'`);
  beside.close();
  const fanned = await fanOut({ ...world.deps, atOnce: () => false }, { maxEvents: 100 });
  const told = fanned.jobs.map(({ endpoint, delivery }) => [endpoint.format, delivery.type]);
  expect(told).toContainEqual(["standard", "license.painted"]);
  expect(told).not.toContainEqual(["proxgate", "license.painted"]);
  expect(told).toContainEqual(["proxgate", "product.created"]);
  expect((await world.store.query(outbox, "oldest", { limit: 1 })).items).toEqual([]);
  await world.close();
});

describe("every object in a stored record keeps what it does not know", () => {
  test.each(collections.map((each) => [each.name, each] as const))("%s", (_, { codec }) => {
    expect(strict(codec as AnyCollection["codec"])).toEqual([]);
  });
});

/** The paths of objects that would drop unknown fields. */
function strict(schema: z.core.$ZodType, path = ""): string[] {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> };
  const inside = Object.entries(def).flatMap(([name, value]) =>
    name === "shape"
      ? Object.entries(value as Tree).flatMap(([field, each]) =>
          strict(each as z.core.$ZodType, `${path}.${field}`),
        )
      : (Array.isArray(value) ? value : [value]).flatMap((each) =>
          isTree(each) && "_zod" in each ? strict(each as unknown as z.core.$ZodType, path) : [],
        ),
  );
  const drops =
    def["type"] === "object" && (def["catchall"] as Tree | undefined)?.["_zod"] === undefined;
  return drops ? [path, ...inside] : inside;
}
