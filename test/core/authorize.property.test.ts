import fc from "fast-check";
import { decideActivation, decideDeactivation } from "../../functions/src/core/activations.ts";
import { NEVER_AUTHORIZED } from "../../functions/src/core/authorizations.ts";
import { decideAuthorization } from "../../functions/src/core/authorize.ts";
import { DEFAULT_GROUPS, slotsOfPolicy } from "../../functions/src/core/policies.ts";
import type { Activation, License } from "../../functions/src/core/records.ts";
import { bindingsForgotten } from "../../functions/src/core/resets.ts";
import { sessionsEnded } from "../../functions/src/core/sessions.ts";
import { caller, DAY, license, MINUTE, NOW, PRODUCT_ID, settings } from "../support/records.ts";

const name = fc.constantFrom("a", "b", "c", "d", "e");
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("authorize" as const),
      hwid: fc.option(name),
      address: name,
      session: fc.option(name),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("activate" as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("deactivate" as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("freeze" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(MINUTE, 10 * MINUTE, 3 * DAY, 7 * DAY),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const few = fc.integer({ min: 1, max: 3 });
const setup = fc.record({
  hwid: fc.oneof(
    few.map((maxDistinct) => ({ mode: "limit" as const, maxDistinct })),
    fc.constant({ mode: "sticky" as const, maxDistinct: null }),
    fc.constant({ mode: "unlimited" as const, maxDistinct: null }),
  ),
  ip: few.map((maxDistinct) => ({
    ...{ mode: "limit" as const, maxDistinct, windowDays: 7 },
    limitType: "ip" as const,
  })),
  concurrency: few.map((maxActive) => ({
    ...{ mode: "limit" as const, maxActive },
    sessionTtlSeconds: 600,
  })),
  /** The slots of a native license; null is one that was made for policies. */
  native: fc.option(few),
});
type Setup = typeof setup extends fc.Arbitrary<infer S> ? S : never;

type World = { license: License; machines: Map<string, Activation>; now: number };

const within = (instant: number, ms: number, now: number) => now - instant < ms;

function authorize(
  world: World,
  { hwid, ip, concurrency }: Setup,
  asked: Extract<Step, { kind: "authorize" }>,
) {
  const { now } = world;
  const session = asked.session === null ? null : { id: "row", sessionId: asked.session };
  const decide = (dryRun: boolean) =>
    decideAuthorization({
      license: world.license,
      productId: PRODUCT_ID,
      policy: { ...DEFAULT_GROUPS, hwid, ip, concurrency },
      hwidHash: asked.hwid,
      address: { valueHash: asked.address, region: "ZZ" },
      session: session && { ...session, deviceId: null, ip: null, hwidHash: null },
      blacklisted: {},
      perMinute: 0,
      countedIn: undefined,
      dryRun,
      now,
    });
  const dry = decide(true);
  const { changed, ...real } = decide(false) as Exclude<typeof dry, { countFirst: true }>;
  expect(dry).toEqual(real);
  if (changed) world.license = changed;
  if (!real.ok) return;
  const { remaining } = real;
  const { addresses, sessions } = world.license.authorization ?? NEVER_AUTHORIZED;
  const recent = addresses.filter((one) => within(one.lastSeenAt, 7 * DAY, now));
  const alive = sessions.filter(
    (one) => one.revokedAt === null && within(one.lastSeenAt, 10 * MINUTE, now),
  );
  expect(Number(remaining.ip) + recent.length).toBe(ip.maxDistinct);
  expect(Number(remaining.concurrency) + alive.length).toBe(concurrency.maxActive);
  if (world.license.slotsByPolicy && hwid.mode !== "unlimited") {
    expect(Number(remaining.hwid) + world.license.machinesUsed).toBe(slotsOfPolicy(hwid));
  }
}

function run(world: World, terms: Setup, next: Step): void {
  const { machines, now } = world;
  switch (next.kind) {
    case "authorize":
      authorize(world, terms, next);
      return;
    case "activate": {
      const { changed } = decideActivation({
        license: world.license,
        activation: machines.get(next.name),
        activationId: next.name,
        machine: { fingerprint: next.name },
        caller,
        now,
        settings: { ...settings, activationAttemptsPerHour: 0 },
      });
      if (changed.license) world.license = changed.license;
      if (changed.activation) machines.set(next.name, changed.activation);
      return;
    }
    case "deactivate": {
      const activation = machines.get(next.name);
      const decision = decideDeactivation({ license: world.license, activation });
      if (!decision.ok) return;
      world.license = decision.license;
      machines.delete(next.name);
      return;
    }
    case "reset":
      world.license = bindingsForgotten(world.license, ["hwid"], now);
      return;
    case "freeze": {
      const frozen: License = { ...world.license, status: "suspended", updatedAt: now };
      world.license = { ...sessionsEnded(world.license, frozen), status: "active" };
      return;
    }
    case "wait":
      world.now += next.ms;
  }
}

test("no sequence of uses, native and authorized, gives a license more than its limits", () => {
  fc.assert(
    fc.property(setup, fc.array(step, { maxLength: 60 }), (terms, steps) => {
      const { hwid, native } = terms;
      const maxMachines = native ?? slotsOfPolicy(hwid);
      const world: World = {
        license: license({ maxMachines, slotsByPolicy: native === null }),
        machines: new Map(),
        now: NOW,
      };
      for (const next of steps) {
        run(world, terms, next);
        const { authorization, machinesUsed } = world.license;
        const { hwids, addresses, sessions } = authorization ?? NEVER_AUTHORIZED;
        const bound = hwids.filter(({ revokedAt }) => revokedAt === null).length;
        if (hwid.mode !== "unlimited") expect(bound).toBeLessThanOrEqual(slotsOfPolicy(hwid));
        if (maxMachines !== -1) {
          expect(machinesUsed).toBe(bound + world.machines.size);
          expect(machinesUsed).toBeLessThanOrEqual(maxMachines);
        }
        const recent = addresses.filter((one) => within(one.lastSeenAt, 7 * DAY, world.now));
        expect(recent.length).toBeLessThanOrEqual(terms.ip.maxDistinct);
        const alive = sessions.filter(
          (one) => one.revokedAt === null && within(one.lastSeenAt, 10 * MINUTE, world.now),
        );
        expect(alive.length).toBeLessThanOrEqual(terms.concurrency.maxActive);
      }
    }),
    { numRuns: 2_000 },
  );
});
