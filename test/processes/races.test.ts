import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startFirestoreDouble } from "../support/firestore-double/server.ts";
import { sendAuthorize } from "../support/geckoguard-signed.ts";
import { proxgateKey } from "../support/proxgate.ts";
import {
  newLicense,
  raceForAttempts,
  raceForMachines,
  raceForPool,
  raceForSeats,
} from "../support/races.ts";
import {
  type Environment,
  newDataDir,
  type ServerProcess,
  startServer,
} from "../support/server-process.ts";
import { machine } from "../support/world.ts";

let double: Awaited<ReturnType<typeof startFirestoreDouble>>;

beforeAll(async () => {
  const indexes = join(__dirname, "../../firestore.indexes.json");
  double = await startFirestoreDouble({ indexes: JSON.parse(readFileSync(indexes, "utf8")) });
});
afterAll(() => double.close());

const engines: [name: string, env: () => Environment][] = [
  ["SQLite", () => ({})],
  ["Firestore", () => ({ STORE: "firestore", FIRESTORE_EMULATOR_HOST: double.host })],
];

const patience = { retries: 5 };

describe.each(engines)("two processes on one %s", (_, engine) => {
  let servers: [ServerProcess, ServerProcess];

  /** Both start at the same moment on nothing: no secrets, no database. */
  const startBoth = async (env: Environment) => {
    double.clear();
    const options = { dataDir: newDataDir(), env: { ...engine(), ...env } };
    servers = await Promise.all([startServer(options), startServer(options)]);
  };
  const stopBoth = () => Promise.all(servers.map((server) => server.kill()));

  describe("that start together", () => {
    beforeAll(() => startBoth({}));
    afterAll(stopBoth);

    test("share one signing key, one admin secret and each other's tokens", async () => {
      const certificates = await Promise.all(
        servers.map((server) => server.call("getSigningKey", undefined, { method: "GET" })),
      );
      expect(certificates[0]).toMatchObject({ status: 200, body: { kid: expect.any(String) } });
      expect(certificates[1]?.body).toEqual(certificates[0]?.body);

      const [a, b] = servers;
      expect(a.adminSecret).toBe(b.adminSecret);
      const { licenseKey, productId } = await newLicense([a], {});
      await b.admin("getLicense", { licenseKey });
      for (const [issuer, reader] of [
        [a, b],
        [b, a],
      ] as const) {
        const ask = machine(licenseKey, "m", productId);
        const { body } = await issuer.call("activate", ask);
        const reply = await reader.call("validate", { ...ask, token: body["token"] });
        expect(reply).toMatchObject({ status: 200, body: { valid: true } });
      }
    });

    test("make one license of 50 parallel copies of a sale, and give all its key", async () => {
      const email = "buyer@example.com";
      const { productId } = await newLicense(servers.slice(0, 1), {});
      const body = { type: "purchase.completed", email, productId, purchaseId: "pur_1" };
      const secret = readFileSync(join(servers[0].dataDir, "secrets/WEBHOOK_SECRET"), "utf8");
      const options = { headers: { "x-webhook-secret": secret.trim() } };
      const copies = Array.from({ length: 50 }, async (_, copy) => {
        for (let attempt = 0; ; attempt++) {
          const reply = await servers[copy % 2]?.call("webhook", body, options);
          if (reply?.status !== 503 || attempt >= patience.retries) return reply?.body;
        }
      });
      const answers = await Promise.all(copies);
      expect(new Set(answers.map((answer) => answer?.["licenseKey"])).size).toBe(1);
      expect(answers).toEqual(answers.map(() => expect.objectContaining({ status: "done" })));
      const listed = await servers[0].admin("listLicenses", { email });
      expect(listed["licenses"]).toHaveLength(1);
    });

    test("let a ProxGate key's plan of 100 requests through between them", async () => {
      const { licenseKey } = await newLicense(servers.slice(0, 1), {});
      const apiKey = await proxgateKey(servers[0]);
      const headers = { "x-api-key": apiKey };
      const path = "api/v1/licenses/validate";
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, caller) => {
          for (let attempt = 0; ; attempt++) {
            const body = { license_key: licenseKey };
            const reply = await servers[caller % 2]?.call(path, body, { headers });
            if (reply?.status !== 500 || attempt >= patience.retries) return reply?.status;
          }
        }),
      );
      const through = statuses.filter((status) => status === 200).length;
      expect(through).toBeGreaterThanOrEqual(90);
      // The first hundredth of a minute is let through without a document.
      expect(through).toBeLessThanOrEqual(110);
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
    });

    test("let exactly 15 of 200 parallel attempts through", async () => {
      await raceForAttempts(servers, patience);
    });
  });

  describe("under 200 parallel requests", () => {
    beforeAll(() =>
      startBoth({
        ACTIVATION_ATTEMPTS_PER_HOUR: "100000",
        GECKOGUARD_ADDRESS_PER_MINUTE: "0",
        GECKOGUARD_LICENSE_KEY_PER_MINUTE: "0",
      }),
    );
    afterAll(stopBoth);

    test("never put a fourth machine on a license of three", async () => {
      await raceForMachines(servers, patience);
    });

    test("never bind a fourth device to a license of three, beside its machines", async () => {
      const { licenseKey, productId } = await newLicense(servers, { maxMachines: 3 });
      const ask = { name: "bot", kind: "geckoguard", productId };
      const { apiKey, productUuid } = await servers[0].admin("createApiKey", ask);
      const use = (server: ServerProcess, caller: number) =>
        caller % 4 < 2
          ? server.call("activate", machine(licenseKey, `m${caller}`, productId))
          : sendAuthorize(server.url, String(apiKey), {
              ...{ productId: productUuid, licenseKey, hwid: `h${caller}` },
            });
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, caller) => {
          for (let attempt = 0; ; attempt++) {
            const { status } = await use(servers[caller % 2] as ServerProcess, caller);
            if (status !== 503 || attempt >= patience.retries) return status;
          }
        }),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      expect(statuses.filter((status) => status === 403)).toHaveLength(197);
      const { machinesUsed } = await servers[1].admin("getLicense", { licenseKey });
      expect(machinesUsed).toBe(3);
    });

    test("never take a sixth seat of a pool of five", async () => {
      await raceForSeats(servers, patience);
    });

    test("give exactly 600 of 1,000 machines a seat, however the engine counts them", async () => {
      await raceForPool(servers, { retries: 20 });
    }, 120_000);

    test("do one thing for one Idempotency-Key, and give every caller its answer", async () => {
      const { productId } = await newLicense(servers, {});
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, caller) => {
          const server = servers[caller % 2] as ServerProcess;
          const headers = { "x-admin-secret": server.adminSecret, "idempotency-key": "order-1" };
          return server.call("createLicense", { email: "a@example.com", productId }, { headers });
        }),
      );
      for (const reply of replies) {
        expect(reply.status).toBe(200);
        expect(reply.body).toEqual(replies[0]?.body);
      }
      const replayed = replies.filter((reply) => reply.headers.get("idempotent-replayed"));
      expect(replayed).toHaveLength(19);
    });
  });
});
