import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { json } from "node:stream/consumers";
import { collections } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { type Customer, newCustomer } from "../support/customers.ts";
import { newDataDir, type ServerProcess, startServer } from "../support/server-process.ts";
import {
  expectAnswered,
  expectCounted,
  expectLicenses,
  fileIn,
  type Stored,
  stored,
} from "../support/stored.ts";
import { ADMIN_SECRET, machine, openWorld } from "../support/world.ts";

describe.each([40, 200, 600])(
  "8 customers at work and kill -9 at the answer number %i",
  (killAt) => {
    let server: ServerProcess;
    let customers: Customer[];
    let found: Stored;

    beforeAll(async () => {
      server = await startServer();
      await server.admin("createProduct", { name: "Tools", productId: "tools" });
      const killed = server;
      let answers = 0;
      customers = Array.from({ length: 8 }, (_, index) =>
        newCustomer({
          server,
          name: `customer-${index}`,
          terms: {
            productId: "tools",
            licenseType: index % 2 === 0 ? "floating" : "per-machine",
            maxMachines: 3,
          },
          answered: () => {
            answers += 1;
            if (answers === killAt) void killed.kill();
          },
        }),
      );
      await Promise.all(customers.map((customer) => customer.run()));
      expect(answers).toBeGreaterThanOrEqual(killAt);
      await killed.kill();
      server = await startServer({ dataDir: killed.dataDir });
      // The first request makes the new process recover the file.
      await server.admin("createProduct", { name: "More tools" });
      found = stored(server.dataDir);
    });
    afterAll(() => server.kill());

    test("loses no answered request, and does the unanswered one whole or not at all", () => {
      expectAnswered(found, customers);
    });

    test("keeps every answered key usable", async () => {
      for (const { licenseKey, email } of customers.flatMap((customer) => customer.licenses)) {
        const detail = await server.admin("getLicense", { licenseKey });
        expect(detail).toMatchObject({ license: { key: licenseKey, email } });
      }
    });

    test("has a license for every answer, and none that nobody asked for", () => {
      expectLicenses(found, customers);
    });

    test("every counter is its records, and no record is without its license", () => {
      expectCounted(found);
    });
  },
);

test("SIGTERM: an open request is finished, a new one is not taken, and the exit code is 0", async () => {
  const server = await startServer();
  const open = request(`${server.url}/createProduct`, {
    method: "POST",
    headers: { "x-admin-secret": server.adminSecret, expect: "100-continue" },
  });
  open.flushHeaders();
  // The server has taken the request and waits for its body.
  await once(open, "continue");
  const exited = server.stop();
  // As Ctrl-C under npm does: the second must not cut the first short.
  void server.stop();
  while (await accepts(server.url));
  open.end(JSON.stringify({ name: "Tools" }));
  const [response] = (await once(open, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(await json(response)).toMatchObject({ success: true });
  expect(response.headers.connection).toBe("close");
  expect(await exited).toBe(0);
  expect(server.printed.stderr).toBe("");
});

function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

test("503 while another process keeps the store; nothing is changed, and reads are answered", async () => {
  const dataDir = newDataDir();
  const path = fileIn(dataDir);
  const world = await openWorld({ store: openSqliteStore({ path, collections, deadlineMs: 20 }) });
  const licenseKey = await world.license();
  await world.call("activate", machine(licenseKey, "a"));
  const before = stored(dataDir);

  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const headers = { "x-admin-secret": ADMIN_SECRET };
  const replies = await Promise.all([
    world.call("activate", machine(licenseKey, "b")),
    world.call("deactivate", machine(licenseKey, "a")),
    world.call("createLicense", { email: "b@example.com", productId: "prod_tools" }, { headers }),
  ]);
  for (const reply of replies) {
    expect(reply).toMatchObject({
      status: 503,
      body: {
        success: false,
        error: "The service is busy. Try again in a moment.",
        code: "STORE_UNAVAILABLE",
        requestId: expect.any(String),
      },
    });
    expect(reply.headers.get("retry-after")).toBe("1");
  }
  const read = await world.call("verify", { licenseKey, productId: "prod_tools" });
  expect(read).toMatchObject({ status: 200, body: { valid: true } });
  expect(stored(dataDir)).toEqual(before);

  other.exec("ROLLBACK");
  other.close();
  expect((await world.call("activate", machine(licenseKey, "b"))).status).toBe(200);
  await world.close();
});
