import fc from "fast-check";
import { decideActivation, decideDeactivation } from "../../functions/src/core/activations.ts";
import { slotsOf, standing } from "../../functions/src/core/licenses.ts";
import type { Activation, License } from "../../functions/src/core/records.ts";
import { decideCheckIn, decideSeatReturn, reclaimSeats } from "../../functions/src/core/seats.ts";
import { caller, DAY, HOUR, license, MINUTE, NOW, settings } from "../support/records.ts";

/** What the store holds for one license, and the clock. */
type World = { license: License; activations: Map<string, Activation>; now: number };

type Step =
  | { kind: "activate" | "deactivate" | "checkIn"; machine: string }
  | { kind: "reclaim"; machines: string[] }
  | { kind: "clock"; ms: number }
  | { kind: "status"; status: License["status"] };

const machine = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("activate" as const), machine }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("deactivate" as const), machine }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("checkIn" as const), machine }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reclaim" as const),
      machines: fc.uniqueArray(machine),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      ms: fc.oneof(
        fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
        fc.constantFrom(MINUTE, settings.seatTtlMs, HOUR, DAY, -MINUTE, -DAY),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("status" as const),
      status: fc.constantFrom("active", "degraded", "suspended", "revoked"),
    }),
  },
);

/** Writes what the decision says, as the operations do. */
function run(world: World, next: Step): World {
  const { license: held, now } = world;
  const activations = new Map(world.activations);
  const keep = (...changed: readonly Activation[]) => {
    for (const one of changed) activations.set(one.fingerprint, one);
  };
  switch (next.kind) {
    case "clock":
      return { ...world, now: now + next.ms };
    case "status":
      return { ...world, license: { ...held, status: next.status } };
    case "reclaim": {
      const seats = next.machines.map((name) => activations.get(name));
      const reclaimed = reclaimSeats({ license: held, activations: seats, now });
      keep(...reclaimed.freed);
      return { license: reclaimed.license, activations, now };
    }
    case "activate": {
      const decision = decideActivation({
        license: held,
        activation: activations.get(next.machine),
        activationId: `activation-${next.machine}`,
        machine: { fingerprint: next.machine, hostname: "host" },
        productId: "prod_tools",
        caller,
        now,
        settings,
      });
      const full = usedOf(world) >= Number(slotsOf(held));
      // A free slot is never refused for its lack, and a lack never for anything but a full license.
      if (!decision.ok && decision.code.endsWith("LIMIT_REACHED")) expect(full).toBe(true);
      if (decision.ok) expect(standing(held, now)).toBeUndefined();
      if (decision.changed.activation) keep(decision.changed.activation);
      return { license: decision.changed.license ?? held, activations, now };
    }
    case "deactivate": {
      const known = activations.get(next.machine);
      const decision = decideDeactivation({ license: held, activation: known });
      expect(decision.ok).toBe(known !== undefined);
      activations.delete(next.machine);
      return decision.ok ? { license: decision.license, activations, now } : world;
    }
    case "checkIn": {
      const known = activations.get(next.machine);
      const seen = decideCheckIn({ license: held, activation: known, caller, now, settings });
      if (!seen.ok) return world;
      if (!seen.seatLost) {
        keep(seen.activation);
        return { ...world, activations };
      }
      const back = decideSeatReturn({ license: held, activation: known, now, settings });
      if (!back.ok) return world;
      keep(back.activation);
      return { license: back.license, activations, now };
    }
  }
}

/** What the documents say is taken, counted one by one. */
function usedOf({ license: held, activations }: World): number {
  const all = [...activations.values()];
  return held.licenseType === "floating"
    ? all.filter((one) => one.seatExpiresAt !== null).length
    : all.length;
}

describe.each(["per-machine", "floating"] as const)("a %s license", (licenseType) => {
  const start = fc.integer({ min: 1, max: 4 }).map((slots) =>
    license({
      licenseType,
      maxMachines: slots,
      maxConcurrent: slots,
      expiresAt: NOW + 2 * DAY,
    }),
  );

  test("counts exactly what is taken, never more than its limit, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 80, size: "max" }), (held, steps) => {
        let world: World = { license: held, activations: new Map(), now: NOW };
        for (const next of steps) {
          world = run(world, next);
          const used = usedOf(world);
          const counters = {
            machinesUsed: world.license.machinesUsed,
            seatsUsed: world.license.seatsUsed,
          };
          expect(counters).toEqual(
            licenseType === "floating"
              ? { machinesUsed: 0, seatsUsed: used }
              : { machinesUsed: used, seatsUsed: 0 },
          );
          expect(used).toBeLessThanOrEqual(Number(slotsOf(held)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("when all its machines leave or lapse it is empty again", () => {
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 40 }), (held, steps) => {
        let world: World = { license: held, activations: new Map(), now: NOW };
        for (const next of steps) world = run(world, next);
        const machines = [...world.activations.keys()];
        if (licenseType === "floating") {
          world = run(world, { kind: "clock", ms: 400 * DAY });
          world = run(world, { kind: "reclaim", machines });
          expect(world.license.seatsUsed).toBe(0);
        }
        for (const name of machines) world = run(world, { kind: "deactivate", machine: name });
        expect(world.license).toMatchObject({ machinesUsed: 0, seatsUsed: 0 });
      }),
    );
  });
});
