import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createVault, parseEncryptionKeys } from "../../functions/src/crypto/vault.ts";
import { collections, deliveries } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { deliveriesTo, endpoint, event, seedEndpoints, seedEvents } from "../support/events.ts";
import { closeReceivers, receive } from "../support/receiver.ts";
import { newDataDir, type ServerProcess, startServer } from "../support/server-process.ts";

afterEach(closeReceivers);

const secretOf = (dataDir: string, name: string) =>
  readFileSync(join(dataDir, "secrets", name), "utf8").trim();

/** What the file of a server holds, opened beside it. */
function beside({ dataDir }: Pick<ServerProcess, "dataDir">) {
  const store = openSqliteStore({ path: join(dataDir, "latchkey.sqlite"), collections });
  const vault = createVault({
    pepper: Buffer.from(secretOf(dataDir, "LOOKUP_PEPPER"), "hex"),
    encryption: parseEncryptionKeys(secretOf(dataDir, "ENCRYPTION_KEYS")),
  });
  return { store, vault };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 10));
}

test("an event that was committed arrives after kill -9, before anybody asks for anything", async () => {
  const receiver = await receive();
  const dataDir = newDataDir();
  const first = await startServer({ dataDir });
  await first.kill();
  const { store, vault } = beside(first);
  const target = endpoint("a", { url: receiver.url }, vault);
  await seedEndpoints(store, [target]);
  await seedEvents(store, [event(1)]);
  const second = await startServer({ dataDir });
  await until(() => receiver.requests.length > 0);
  await second.kill();
  const [delivery] = await deliveriesTo(store, target);
  expect(receiver.requests[0]?.headers["webhook-id"]).toBe(delivery?.id);
  await store.close();
});

test("kill -9 in the middle of 300 deliveries: each arrives, repeats under the same id; then the next within a second", async () => {
  const ids = new Map<number, Set<string>>();
  let kill = () => {};
  const receiver = await receive(({ headers, body }, response) => {
    const { n } = JSON.parse(body).data;
    const known = ids.get(n) ?? new Set();
    ids.set(n, known.add(String(headers["webhook-id"])));
    if (ids.size === 120) kill();
    response.end();
  });
  const dataDir = newDataDir();
  let server = await startServer({ dataDir });
  await server.admin("createProduct", { name: "Tools" });
  const { store, vault } = beside(server);
  const target = endpoint("a", { url: receiver.url }, vault);
  await seedEndpoints(store, [target]);
  const { promise: killed, resolve } = Promise.withResolvers<void>();
  kill = () => resolve(server.kill());
  const count = 300;
  await seedEvents(
    store,
    Array.from({ length: count }, (_, n) => event(n)),
  );
  await killed;
  // What was under way when it died would be due again in a minute.
  const leased = (await deliveriesTo(store, target)).filter(({ state }) => state === "pending");
  await store.commit(
    leased.map(
      ({ id }) => ({ kind: "update", collection: deliveries, id, patch: { dueAt: 0 } }) as const,
    ),
  );
  server = await startServer({ dataDir });
  await until(() => ids.size === count);
  expect([...ids.values()].every(({ size }) => size === 1)).toBe(true);

  const at = Date.now();
  await seedEvents(store, [event(count)]);
  await until(() => ids.size > count);
  expect(Date.now() - at).toBeLessThan(1_000);
  expect(await server.stop()).toBe(0);
  await store.close();
});
