import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { collections } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { auditOf, countedOf } from "../support/change-license.ts";
import { ADMIN_SECRET, machine, openWorld } from "../support/world.ts";

const headers = { "x-admin-secret": ADMIN_SECRET };
const directory = mkdtempSync(join(tmpdir(), "latchkey-full-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A store whose file may be kept from growing: SQLite meets that limit as it meets a full disk. */
function openLimited() {
  let database: DatabaseSync | undefined;
  const exec = jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
    this: DatabaseSync,
    sql: string,
  ) {
    database = this;
    return original.call(this, sql);
  });
  const store = openSqliteStore({ path: join(directory, "full.sqlite"), collections });
  exec.mockRestore();
  const pragma = (text: string) =>
    Object.values(database?.prepare(`PRAGMA ${text}`).get() ?? {})[0];
  return {
    store,
    fill: () => pragma(`max_page_count = ${pragma("page_count")}`),
    makeRoom: () => pragma("max_page_count = 1000000"),
  };
}
const original = DatabaseSync.prototype.exec;

test("a full disk: 503 with Retry-After, nothing half done, reads go on; with space again so do writes", async () => {
  const { store, fill, makeRoom } = openLimited();
  const world = await openWorld({ store, settings: { activationAttemptsPerHour: 0 } });
  const licenseKey = await world.license({ maxMachines: 100_000 });
  const { body } = await world.call("activate", machine(licenseKey, "first"));

  fill();
  const taken: string[] = ["first"];
  const refused: string[] = [];
  for (let n = 0; refused.length < 20; n++) {
    const round = await Promise.all(
      Array.from({ length: 10 }, async (_, each) => {
        const name = `m${n}-${each}`;
        return { name, reply: await world.call("activate", machine(licenseKey, name)) };
      }),
    );
    for (const { name, reply } of round) {
      if (reply.status === 200) taken.push(name);
      else {
        refused.push(name);
        expect(reply).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
        expect(reply.headers.get("retry-after")).toBe("1");
      }
    }
  }
  const ask = { email: "b@example.com", productId: "prod_tools" };
  const made = await world.call("createLicense", ask, { headers });
  const count = made.status === 200 ? 2 : 1;
  expect((await world.admin("listLicenses", {}))["licenses"]).toHaveLength(count);
  const entries = await auditOf(world);
  expect(entries.filter(({ action }) => action === "license.create")).toHaveLength(count);

  const full = await countedOf(world, licenseKey);
  expect(full.machinesUsed).toBe(taken.length);
  expect(full.activations).toBe(taken.length);
  const verified = await world.call("verify", { licenseKey, productId: "prod_tools" });
  expect(verified).toMatchObject({ status: 200, body: { valid: true } });

  makeRoom();
  for (const name of refused) {
    expect((await world.call("activate", machine(licenseKey, name))).status).toBe(200);
  }
  const beat = { ...machine(licenseKey, "first"), token: body["token"] };
  expect((await world.call("heartbeat", beat)).status).toBe(200);
  const all = taken.length + refused.length;
  expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: all, activations: all });
  await world.close();
});
