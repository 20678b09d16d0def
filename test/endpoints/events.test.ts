import type { OutboxEvent } from "../../functions/src/core/events.ts";
import { activate } from "../../functions/src/operations/activations/activate.ts";
import { expireDue } from "../../functions/src/operations/licenses/expire-due.ts";
import { revokeLicense } from "../../functions/src/operations/licenses/revoke-license.ts";
import { activations, outbox, webhookEndpoints } from "../../functions/src/store/collections.ts";
import { licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import {
  ADMIN_SECRET,
  DAY,
  HOUR,
  type Json,
  MINUTE,
  machine,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

const SECRET = { headers: { "x-webhook-secret": "test-native-secret" } };
const at = (instant: number) => new Date(instant).toISOString();

describe.each(useEngines().filter(({ name }) => name !== "SQLite in a file"))(
  "on $name",
  ({ open }) => {
    let world: World;
    /** Whatever was ever shown to anybody and opens something. */
    let shown: Set<string>;
    beforeEach(async () => {
      world = await openWorld({ store: open() });
      shown = new Set([ADMIN_SECRET]);
    });
    afterEach(async () => {
      const told = JSON.stringify(
        (await world.store.query(outbox, "oldest", { limit: 500 })).items,
      );
      for (const secret of shown) expect(told).not.toContain(secret);
      await world.close();
    });

    const note = <T extends Json>(body: T): T => {
      for (const name of ["licenseKey", "apiKey", "token"]) {
        if (typeof body[name] === "string") shown.add(body[name]);
      }
      return body;
    };
    const admin = async (name: string, body: Json) => note(await world.admin(name, body));
    const license = async (terms: Json = {}) => {
      const licenseKey = await world.license(terms);
      shown.add(licenseKey);
      return licenseKey;
    };
    const all = async () => (await world.store.query(outbox, "oldest", { limit: 500 })).items;
    /** What the work told, by type. */
    const told = async (work: () => Promise<unknown>): Promise<OutboxEvent[]> => {
      const known = new Set((await all()).map(({ id }) => id));
      await work();
      const fresh = (await all()).filter(({ id }) => !known.has(id));
      return fresh.sort((one, other) => one.type.localeCompare(other.type));
    };
    const types = async (work: () => Promise<unknown>) =>
      (await told(work)).map(({ type }) => type);
    const session = (licenseKey: string, name: string, token: unknown) => ({
      licenseKey,
      machineFingerprint: `fp-${name}`,
      token,
    });

    test("a product, and a change of it that is one", async () => {
      const made = { name: "Tools", productId: "prod_tools" };
      expect(await told(() => admin("createProduct", made))).toMatchObject([
        {
          type: "product.created",
          accountId: "default",
          licenseId: null,
          occurredAt: NOW,
          data: { productId: "prod_tools", name: "Tools", status: "live" },
        },
      ]);
      const change = { productId: "prod_tools", name: "Better tools" };
      expect(await types(() => admin("updateProduct", change))).toEqual(["product.updated"]);
      expect(await types(() => admin("updateProduct", change))).toEqual([]);
      expect(
        await types(() => world.call("createProduct", made, { headers: adminHeaders })),
      ).toEqual([]);
    });

    test("a license and, the first time, its customer", async () => {
      await license();
      const ask = { productId: "prod_tools", email: "new@example.com" };
      expect(await told(() => admin("createLicense", ask))).toMatchObject([
        { type: "customer.created", licenseId: null, data: { email: "new@example.com" } },
        { type: "license.created", data: { email: "new@example.com", status: "active" } },
      ]);
      expect(await types(() => admin("createLicense", ask))).toEqual(["license.created"]);
      const row = { ...ask, email: "old@example.com", licenseKey: "OLD-KEY-0001" };
      shown.add(row.licenseKey);
      expect(await types(() => admin("importLicenses", { licenses: [row] }))).toEqual([
        "customer.created",
        "license.created",
      ]);
      expect(await types(() => admin("importLicenses", { licenses: [row] }))).toEqual([]);
    });

    test.each<[string, Json, string[], Json?]>([
      ["updateLicense", { maxMachines: 9 }, ["license.updated"], { changed: ["maxMachines"] }],
      ["updateLicense", { maxMachines: 3 }, []],
      ["updateLicense", { expiresAt: at(NOW + 60 * DAY) }, ["license.extended"]],
      ["updateLicense", { email: "b@example.com" }, ["customer.created", "license.transferred"]],
      ["updateLicense", { status: "suspended" }, ["license.suspended"]],
      ["revokeLicense", { reason: "fraud" }, ["license.revoked"], { reason: "fraud" }],
      ["reinstateLicense", {}, []],
      ["rotateLicenseKey", {}, ["license.key_rotated"]],
    ])("%s %j", async (name, ask, expected, data = {}) => {
      const licenseKey = await license({ maxMachines: 3, expiresAt: at(NOW + 30 * DAY) });
      const events = await told(() => admin(name, { licenseKey, ...ask }));
      expect(events.map(({ type }) => type)).toEqual(expected);
      if (events[0]) expect(events[0].data).toMatchObject(data);
    });

    test("what comes back names what it was", async () => {
      const licenseKey = await license();
      await admin("revokeLicense", { licenseKey });
      expect(await types(() => admin("revokeLicense", { licenseKey }))).toEqual([]);
      expect(await told(() => admin("reinstateLicense", { licenseKey }))).toMatchObject([
        { type: "license.reinstated", data: { previousStatus: "revoked" } },
      ]);
    });

    test("a machine that comes and goes, but not one that comes again", async () => {
      const licenseKey = await license({ maxMachines: 1 });
      const { id } = await licenseOf(world, licenseKey);
      const come = async (name: string) =>
        note((await world.call("activate", machine(licenseKey, name))).body);
      let token: unknown;
      const came = await told(async () => {
        token = (await come("a"))["token"];
      });
      const facts = { machineFingerprint: "fp-a", hostname: "host-a" };
      expect(came).toMatchObject([{ type: "license.activated", licenseId: id, data: facts }]);
      expect(await types(() => come("a"))).toEqual([]);
      expect(await types(() => come("b"))).toEqual([]);
      const alive = session(licenseKey, "a", token);
      expect(await types(() => world.call("heartbeat", alive))).toEqual([]);
      expect(await types(() => world.call("validate", alive))).toEqual([]);
      expect(await told(() => world.call("deactivate", alive))).toMatchObject([
        { type: "license.deactivated", licenseId: id, data: facts },
      ]);
      expect(await types(() => world.call("deactivate", alive))).toEqual([]);
      await come("c");
      expect(
        await types(() => admin("deactivateMachine", { licenseKey, machineFingerprint: "fp-c" })),
      ).toEqual(["license.deactivated"]);
    });

    test("every machine of a reset", async () => {
      const licenseKey = await license({ maxMachines: 3 });
      for (const name of ["a", "b", "c"]) await world.call("activate", machine(licenseKey, name));
      const events = await told(() => admin("resetActivations", { licenseKey }));
      expect(events.map(({ type, data }) => [type, data["hostname"]]).sort()).toEqual([
        ["license.deactivated", "host-a"],
        ["license.deactivated", "host-b"],
        ["license.deactivated", "host-c"],
      ]);
    });

    test("a machine that a full pool turns away, once however often it tries", async () => {
      const licenseKey = await license({ licenseType: "floating", maxConcurrent: 1 });
      await world.call("activate", machine(licenseKey, "a"));
      const turned = () => world.call("activate", machine(licenseKey, "b"));
      expect(await told(turned)).toMatchObject([
        { type: "license.seat_limit_reached", data: { machineFingerprint: "fp-b" } },
      ]);
      expect(await types(turned)).toEqual([]);
    });

    describe("validations", () => {
      const subscribe = (events: string[], more: Json = {}) =>
        world.store.commit([
          {
            kind: "set",
            collection: webhookEndpoints,
            record: {
              id: "5f0c2c1e-0a1b-4c3d-8e5f-0000000000e1",
              accountId: "default",
              productId: null,
              productHandle: null,
              url: "https://example.com/hook",
              description: "",
              format: "standard",
              events,
              enabled: true,
              disabledReason: null,
              ordered: false,
              secrets: [{ sealed: "1.sealed", endsAt: null }],
              createdAt: NOW,
              updatedAt: NOW,
              ...more,
            },
          },
        ]);
      const validated = async (name = "validate") => {
        const licenseKey = await license();
        const { body } = await world.call("activate", machine(licenseKey, "a"));
        return types(() =>
          world
            .call(name, session(licenseKey, "a", note(body)["token"]))
            .then(({ body }) => note(body)),
        );
      };

      test("are told where an endpoint names them", async () => {
        await subscribe(["license.validated"]);
        expect(await validated()).toEqual(["license.validated"]);
        expect(world.touched()).toMatchObject({ reads: 2, writes: 2 });
        expect(await validated("heartbeat")).toEqual([]);
      });

      test.each<[string, string[], Json]>([
        ["asks for everything", ["*"], {}],
        ["is off", ["license.validated"], { enabled: false }],
        ["is another account's", ["license.validated"], { accountId: "other" }],
        [
          "is for another product",
          ["license.validated"],
          { productId: "5f0c2c1e-0a1b-4c3d-8e5f-0000000000e2" },
        ],
      ])("are not told to one that %s", async (_, events, more) => {
        await subscribe(events, more);
        expect(await validated()).toEqual([]);
      });

      test("are told a minute after an endpoint came at the latest", async () => {
        expect(await validated()).toEqual([]);
        await subscribe(["license.validated"]);
        world.clock.advance(MINUTE);
        expect(await validated()).toEqual(["license.validated"]);
      });

      test("are told of a machine that takes its lapsed seat back", async () => {
        await subscribe(["license.validated"]);
        const licenseKey = await license({ licenseType: "floating", maxConcurrent: 1 });
        const { body } = await world.call("activate", machine(licenseKey, "a"));
        world.clock.advance(HOUR);
        const back = session(licenseKey, "a", note(body)["token"]);
        expect(await types(() => world.call("validate", back))).toEqual(["license.validated"]);
      });
    });

    describe("expiries", () => {
      const sweep = (maxLicenses = 1_000) => expireDue(world.deps, { maxLicenses });

      test("are told once for each date, however many runs look", async () => {
        const licenseKey = await license({ expiresAt: at(NOW + DAY) });
        expect(await types(sweep)).toEqual([]);
        world.clock.advance(DAY);
        expect(await told(() => Promise.all([sweep(), sweep(), sweep()]))).toMatchObject([
          { type: "license.expired", occurredAt: NOW + DAY, data: { graceEndsAt: null } },
        ]);
        await admin("updateLicense", { licenseKey, maxMachines: 7 });
        expect(await sweep()).toEqual({ settled: 0, more: false });
        await admin("updateLicense", { licenseKey, expiresAt: at(NOW + 3 * DAY) });
        expect(await types(sweep)).toEqual([]);
        world.clock.advance(2 * DAY);
        expect(await types(sweep)).toEqual(["license.expired"]);
      });

      test("stop at their bound and resume where they stopped", async () => {
        for (let count = 0; count < 130; count++) await license({ expiresAt: at(NOW + DAY) });
        world.clock.advance(DAY);
        expect(await sweep(100)).toEqual({ settled: 100, more: true });
        expect(await sweep(100)).toEqual({ settled: 30, more: false });
      });
    });

    test("an API key's life", async () => {
      let made: Json = {};
      const created = await told(async () => {
        made = await admin("createApiKey", { name: "CI" });
      });
      const { keyId } = made;
      expect(created).toMatchObject([{ type: "api_key.created", data: { keyId, name: "CI" } }]);
      expect(await types(() => admin("rotateApiKey", { keyId }))).toEqual(["api_key.rotated"]);
      expect(await types(() => admin("revokeApiKey", { keyId }))).toEqual(["api_key.revoked"]);
      await license();
      const codegate = { name: "shop", kind: "codegate", productId: "prod_tools" };
      const make = async () => shown.add(String((await admin("createApiKey", codegate))["secret"]));
      expect(await types(make)).toEqual(["api_key.created"]);
      // A product has one: the next stops it.
      expect(await types(make)).toEqual(["api_key.created", "api_key.revoked"]);
      expect(await types(() => admin("revokeApiKey", { keyId }))).toEqual([]);
    });

    test("a trial", async () => {
      await license();
      await admin("createTrialCode", { code: "TRY", productId: "prod_tools", trialDays: 7 });
      const redeem = () =>
        world.call(
          "redeemTrialCode",
          { code: "TRY", productId: "prod_tools", email: "t@example.com" },
          { headers: adminHeaders },
        );
      expect(await types(redeem)).toEqual([
        "customer.created",
        "license.created",
        "trial.redeemed",
      ]);
      expect(await types(redeem)).toEqual([]);
    });

    describe("payments", () => {
      const send = (type: string, more: Json = {}) =>
        world
          .call(
            "webhook",
            {
              type: `purchase.${type}`,
              email: "buyer@example.com",
              productId: "prod_tools",
              purchaseId: "pur_1",
              ...more,
            },
            SECRET,
          )
          .then(({ body }) => note(body));
      beforeEach(() => license());

      test("are told with what they did, and not again", async () => {
        const sold = await told(() => send("completed"));
        expect(sold).toMatchObject([
          { type: "customer.created" },
          { type: "license.created" },
          { type: "payment.completed", data: { provider: "native", purchaseId: "pur_1" } },
        ]);
        const [, made, paid] = sold;
        expect(paid).toMatchObject({
          licenseId: made?.licenseId,
          data: { licenseIds: [made?.licenseId] },
        });
        expect(await types(() => send("completed"))).toEqual([]);
        const refund = () => send("refunded");
        expect(await types(refund)).toEqual(["license.revoked", "payment.refunded"]);
        expect(await types(refund)).toEqual([]);
      });

      test("that came before their sale are told with it", async () => {
        expect(await types(() => send("refunded"))).toEqual([]);
        expect(await types(() => send("completed"))).toEqual([
          "customer.created",
          "license.created",
          "payment.completed",
          "payment.refunded",
        ]);
      });
    });

    test("a replay under its Idempotency-Key tells nothing twice", async () => {
      await license();
      const headers = { ...adminHeaders, "idempotency-key": "one" };
      const ask = { productId: "prod_tools", email: "a@example.com" };
      const make = () =>
        world.call("createLicense", ask, { headers }).then(({ body }) => note(body));
      expect(await types(make)).toEqual(["license.created"]);
      expect(await types(make)).toEqual([]);
    });

    test("a transaction that fails after its writes leaves neither change nor event", async () => {
      const licenseKey = await license();
      const failing: World["deps"] = {
        ...world.deps,
        once: (body) =>
          world.store.transaction(async (tx) => {
            await body(tx);
            throw new Error("failed after writing");
          }),
      };
      const tries = [
        () => revokeLicense(failing, { kind: "administrator" }, { licenseKey }),
        () => activate(failing, machine(licenseKey, "a")),
      ];
      for (const attempt of tries) {
        expect(await types(() => expect(attempt()).rejects.toThrow("failed after"))).toEqual([]);
      }
      const { id, status } = await licenseOf(world, licenseKey);
      const equal = { licenseId: id };
      expect([status, await world.store.count(activations, "byLicense", { equal })]).toEqual([
        "active",
        0,
      ]);
    });

    const adminHeaders = { "x-admin-secret": ADMIN_SECRET };
  },
);
