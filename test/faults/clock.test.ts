import { createFailureLimiter } from "../../functions/src/http/failure-limiter.ts";
import { expireFloatingSessions } from "../../functions/src/operations/activations/expire-floating-sessions.ts";
import { countedOf } from "../support/change-license.ts";
import { ask, proxgateKey } from "../support/proxgate.ts";
import { HOUR, MINUTE, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const activate = (key: string, name: string) => world.call("activate", machine(key, name));

describe("the clock steps back and forth by an hour", () => {
  test.each([-HOUR, HOUR])(
    "an hour's attempts are never locked out for longer (%i ms)",
    async (step) => {
      const key = await world.license({ maxMachines: 1 });
      for (let attempt = 0; attempt < 15; attempt++) await activate(key, "a");
      expect((await activate(key, "a")).status).toBe(429);
      world.clock.advance(step);
      expect((await activate(key, "a")).status).toBe(200);
      world.clock.advance(-step);
      for (let attempt = 0; attempt < 15; attempt++) await activate(key, "a");
      const refused = await activate(key, "a");
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(3_600);
    },
  );

  test("a seat is held by one machine whatever the clock says, and is free a lease after its end", async () => {
    const key = await world.license({ licenseType: "floating", maxConcurrent: 1 });
    const first = await activate(key, "a");
    world.clock.advance(HOUR);
    const { body } = await activate(key, "b");
    world.clock.advance(-HOUR);
    expect(await activate(key, "a")).toMatchObject({ body: { code: "SEAT_LIMIT_REACHED" } });
    const beat = (name: string, token: unknown) =>
      world.call("heartbeat", { ...machine(key, name), token });
    expect((await beat("a", first.body["token"])).status).toBe(403);
    // The next sign of life puts the lease right.
    const renewed = await beat("b", body["token"]);
    expect(renewed.body["expiresAt"]).toBe(new Date(world.clock.now() + 15 * MINUTE).toISOString());
    expect(await countedOf(world, key)).toMatchObject({ seatsUsed: 1, seats: 1 });
    world.clock.advance(15 * MINUTE);
    await expireFloatingSessions(world.deps, { maxSeats: 10 });
    expect(await countedOf(world, key)).toMatchObject({ seatsUsed: 0, seats: 0 });
    expect((await activate(key, "a")).status).toBe(200);
  });

  test("a token that was issued in the future is a token, and ends when it says", async () => {
    const key = await world.license();
    world.clock.advance(HOUR);
    const { body } = await activate(key, "a");
    world.clock.advance(-HOUR);
    const validate = () => world.call("validate", { ...machine(key, "a"), token: body["token"] });
    expect(await validate()).toMatchObject({ status: 200, body: { valid: true } });
    world.clock.advance(30 * 24 * HOUR + HOUR);
    expect(await validate()).toMatchObject({ body: { code: "TOKEN_EXPIRED" } });
  });

  test.each([-HOUR, HOUR])(
    "a key's budget a minute is never more, nor gone for longer (%i ms)",
    async (step) => {
      const key = await world.license();
      const apiKey = await proxgateKey(world);
      const count = async () => {
        for (let passed = 0; ; passed++) {
          const reply = await ask(world, apiKey, "licenses/validate", { license_key: key });
          if (reply.status === 200) continue;
          expect(reply.status).toBe(429);
          expect(Number(reply.headers.get("retry-after"))).toBeLessThanOrEqual(60);
          return passed;
        }
      };
      expect(await count()).toBe(100);
      world.clock.advance(step);
      expect(await count()).toBeLessThanOrEqual(100);
      world.clock.advance(MINUTE);
      expect(await count()).toBe(100);
      world.clock.advance(-step);
      expect(await count()).toBeLessThanOrEqual(100);
      world.clock.advance(MINUTE);
      expect(await count()).toBe(100);
    },
  );

  test("who failed too often waits a minute at most", () => {
    let time = 10 * HOUR;
    const limiter = createFailureLimiter(3, () => time);
    const fail = () => {
      for (let each = 0; each < 3; each++) limiter.failed("a");
    };
    fail();
    expect(limiter.blockedFor("a")).toBe(60);
    time -= HOUR;
    expect(limiter.blockedFor("a")).toBeUndefined();
    fail();
    expect(limiter.blockedFor("a")).toBe(60);
    time += HOUR;
    expect(limiter.blockedFor("a")).toBeUndefined();
  });
});
