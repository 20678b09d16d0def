import { suspendDue } from "../../functions/src/operations/licenses/suspend-due.ts";
import { useEngines } from "../support/engines.ts";
import { DAY, HOUR, type Json, MINUTE, machine, openWorld, type World } from "../support/world.ts";

const COUNTRIES = "CH DE FR IT AT ES PT PL SE NO FI DK".split(" ");

describe.each(useEngines().filter(({ name }) => name !== "SQLite in a file"))(
  "enforcement on $name",
  ({ open }) => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld({ store: open() });
    });
    afterEach(() => world.close());

    const from = (country: string, address = "192.0.2.1") => ({
      headers: { "x-country-code": country, "x-forwarded-for": address },
    });

    async function activated(key: string, name = "a") {
      const reply = await world.call("activate", machine(key, name));
      expect(reply.status).toBe(200);
      return { licenseKey: key, machineFingerprint: `fp-${name}`, token: reply.body["token"] };
    }

    async function beatFrom(session: Json, countries: readonly string[]) {
      for (const country of countries) {
        expect(await world.call("heartbeat", session, from(country))).toMatchObject({
          status: 200,
        });
      }
    }

    const seen = async (key: string) => {
      const body = await world.admin("getLicense", { licenseKey: key });
      return body as { license: Json; activations: Json[]; violations: Json[] };
    };

    /** A license at threat level 3: many countries, and many networks of one machine. */
    async function atLevel3() {
      const key = await world.license();
      await world.admin("updateProduct", {
        productId: "prod_tools",
        enforcement: { addressesPerDay: 2 },
      });
      const session = await activated(key);
      await beatFrom(session, COUNTRIES);
      for (const host of [1, 2, 3, 4, 5]) {
        await world.call("heartbeat", session, from("CH", `192.0.2.${host}`));
      }
      return { key, session };
    }

    test("a key from more countries than its product allows is noticed, degraded, and resolved", async () => {
      const key = await world.license();
      const session = await activated(key);
      await beatFrom(session, COUNTRIES.slice(0, 6));
      const noticed = await seen(key);
      expect(noticed.license).toMatchObject({
        status: "active",
        threatLevel: 1,
        unresolvedViolationsCount: 1,
      });
      expect(noticed.violations).toEqual([
        {
          id: "v1",
          type: "country_spread",
          severity: 1,
          detectedAt: expect.any(String),
          resolved: false,
          resolvedAt: null,
          details: { count: 6, limit: 5, windowDays: 1, countries: COUNTRIES.slice(0, 6) },
        },
      ]);
      expect(noticed.activations).toMatchObject([
        { countries: COUNTRIES.slice(0, 6), lastCountry: "ES" },
      ]);
      await beatFrom(session, COUNTRIES.slice(6));
      expect(await seen(key)).toMatchObject({ license: { status: "degraded", threatLevel: 2 } });
      const listed = await world.admin("listLicenses", { status: "degraded" });
      expect(listed).toMatchObject({ licenses: [{ key, unresolvedViolationsCount: 1 }] });
      const { body } = await world.call("validate", session, from("CH"));
      expect(body).toMatchObject({
        valid: true,
        status: "degraded",
        expiresAt: new Date(world.clock.now() + DAY).toISOString(),
      });

      world.clock.advance(1);
      const resolved = await world.admin("resolveLicense", { licenseKey: key });
      expect(resolved).toMatchObject({
        resolvedCount: 1,
        license: { status: "active", threatLevel: 0, unresolvedViolationsCount: 0 },
      });
      expect((await seen(key)).violations).toMatchObject([{ id: "v1", resolved: true }]);
      expect(await world.admin("listLicenses", { status: "degraded" })).toMatchObject({
        licenses: [],
      });
    });

    test.each([
      ["reinstateLicense", {}],
      ["updateLicense", { status: "active" }],
    ])("%s forgives what was noticed on a license that is active still", async (name, change) => {
      const key = await world.license();
      await beatFrom(await activated(key), COUNTRIES.slice(0, 6));
      expect(await seen(key)).toMatchObject({ license: { status: "active", threatLevel: 1 } });
      await world.admin(name, { licenseKey: key, ...change });
      expect(await seen(key)).toMatchObject({
        license: { status: "active", threatLevel: 0, unresolvedViolationsCount: 0 },
        violations: [{ id: "v1", resolved: true }],
      });
    });

    test("level 3 warns for 72 hours, blocks, and a schedule writes it down", async () => {
      const { key, session } = await atLevel3();
      const { license } = await seen(key);
      const suspendsAt = new Date(world.clock.now() + 72 * HOUR).toISOString();
      expect(license).toMatchObject({ status: "degraded", threatLevel: 3, suspendsAt });
      const warned = await world.call("heartbeat", session, from("CH"));
      expect(warned).toMatchObject({ status: 200, body: { status: "degraded" } });
      const verified = await world.call("verify", { licenseKey: key, productId: "prod_tools" });
      expect(verified.body["message"]).toContain(suspendsAt);
      expect(await suspendDue(world.deps, { maxLicenses: 100 })).toEqual({
        settled: 0,
        more: false,
      });

      world.clock.advance(72 * HOUR);
      expect(
        await world.call("verify", { licenseKey: key, productId: "prod_tools" }),
      ).toMatchObject({ status: 403, body: { code: "LICENSE_SUSPENDED" } });
      expect((await seen(key)).license["status"]).toBe("suspended");
      expect(await suspendDue(world.deps, { maxLicenses: 100 })).toEqual({
        settled: 1,
        more: false,
      });
      expect(await world.admin("listLicenses", { status: "suspended" })).toMatchObject({
        licenses: [{ key }],
      });

      await world.admin("resolveLicense", { licenseKey: key, violationIds: ["v2"] });
      expect((await seen(key)).license).toMatchObject({ status: "degraded", threatLevel: 2 });
      await world.admin("reinstateLicense", { licenseKey: key });
      expect((await seen(key)).license).toMatchObject({
        status: "active",
        threatLevel: 0,
        unresolvedViolationsCount: 0,
      });
    });

    test("machines that come and go, and a pool that turns many away", async () => {
      await world.license();
      await world.admin("updateProduct", {
        productId: "prod_tools",
        enforcement: { newMachinesPerSlot: 2, turnedAwayPerSeat: 3 },
      });
      const churned = await world.license({ maxMachines: 1 });
      for (const name of ["a", "b", "a", "c"]) {
        await activated(churned, name);
        await world.admin("resetActivations", { licenseKey: churned });
      }
      expect((await seen(churned)).violations).toMatchObject([
        { type: "machine_churn", severity: 1, details: { count: 3, limit: 2, windowDays: 30 } },
      ]);
      const pool = await world.license({ licenseType: "floating", maxConcurrent: 1 });
      await activated(pool);
      for (const name of ["b", "c", "d", "d", "e"]) {
        await world.call("activate", machine(pool, name));
      }
      expect((await seen(pool)).violations).toMatchObject([
        { type: "seat_demand", severity: 1, details: { count: 4, limit: 3 } },
      ]);
    });

    test("parallel signs of life from many countries lose none and notice once", async () => {
      const key = await world.license();
      const session = await activated(key);
      await beatFrom(session, COUNTRIES.slice(0, 1));
      await Promise.all(
        COUNTRIES.map((country) => world.call("heartbeat", session, from(country))),
      );
      await beatFrom(session, COUNTRIES);
      const { activations, violations } = await seen(key);
      expect(violations).toMatchObject([{ id: "v1", severity: 2 }]);
      expect(new Set(activations[0]?.["countries"] as string[])).toEqual(new Set(COUNTRIES));
    });
  },
);

describe("what enforcement costs", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.close());

  const cost = async (name: string, body: Json, country: string) => {
    const reply = await world.call(name, body, { headers: { "x-country-code": country } });
    expect(reply.status).toBe(200);
    return world.touched();
  };

  test("nothing where nothing is new, and one write where something is", async () => {
    const key = await world.license();
    const first = machine(key, "a");
    expect(await cost("activate", first, "CH")).toMatchObject({ reads: 2, writes: 3 });
    const { body } = await world.call("activate", first);
    const session = { licenseKey: key, machineFingerprint: "fp-a", token: body["token"] };
    expect(await cost("heartbeat", session, "CH")).toMatchObject({ reads: 2, writes: 1 });
    // The product's limits come from the instance's memory.
    expect(await cost("heartbeat", session, "DE")).toMatchObject({ reads: 3, writes: 2 });
    for (const country of COUNTRIES.slice(2)) await cost("heartbeat", session, country);
    expect(await cost("heartbeat", session, "US")).toMatchObject({ reads: 3, writes: 2 });
    expect(await cost("heartbeat", session, "US")).toMatchObject({ reads: 2, writes: 1 });
    expect(await cost("activate", first, "US")).toMatchObject({ reads: 2, writes: 2 });
  });

  test("a fault of it changes no answer and is logged", async () => {
    const key = await world.license();
    const { body } = await world.call("activate", machine(key, "a"));
    const session = { licenseKey: key, machineFingerprint: "fp-a", token: body["token"] };
    const transaction = world.store.transaction.bind(world.store);
    let calls = 0;
    world.store.transaction = (run) =>
      ++calls === 2 ? Promise.reject(new Error("disk")) : transaction(run);
    expect(await cost("heartbeat", session, "CH")).toMatchObject({ writes: 1 });
    expect(world.logs.at(-2)).toMatchObject({
      severity: "WARNING",
      message: "heartbeat: work beside the answer",
    });
  });
});

describe("limits of a product", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    await world.license();
  });
  afterEach(() => world.close());

  const update = async (enforcement: Json) =>
    (await world.admin("updateProduct", { productId: "prod_tools", enforcement }))["product"];

  test("200 what is left out stays, null is the default again, 0 is off", async () => {
    expect(await update({ countriesPerDay: 9, addressesPerDay: 0 })).toMatchObject({
      enforcement: {
        countriesPerDay: 9,
        newMachinesPerSlot: 5,
        turnedAwayPerSeat: 2,
        addressesPerDay: 0,
      },
    });
    expect(await update({ countriesPerDay: null })).toMatchObject({
      enforcement: { countriesPerDay: 5, addressesPerDay: 0 },
    });
  });

  test.each([[1], [-1], [101], [2.5], ["5"]])(
    "400 a limit of %j names the field",
    async (value) => {
      const reply = await world.call(
        "updateProduct",
        { productId: "prod_tools", enforcement: { countriesPerDay: value } },
        { headers: { "x-admin-secret": "test-admin-secret" } },
      );
      expect(reply.status).toBe(400);
      expect(reply.body["error"]).toContain("enforcement.countriesPerDay");
    },
  );

  test("a change of them is felt within a minute", async () => {
    const key = await world.license();
    const { body } = await world.call("activate", machine(key, "a"));
    const session = { licenseKey: key, machineFingerprint: "fp-a", token: body["token"] };
    const beat = (country: string) =>
      world.call("heartbeat", session, { headers: { "x-country-code": country } });
    for (const country of COUNTRIES.slice(0, 4)) await beat(country);
    await update({ countriesPerDay: 2 });
    world.clock.advance(MINUTE);
    await beat("ES");
    expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({
      violations: [{ type: "country_spread", severity: 2 }],
    });
  });
});
