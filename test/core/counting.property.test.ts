import fc from "fast-check";
import { decideActivation, decideDeactivation } from "../../functions/src/core/activations.ts";
import { isBound } from "../../functions/src/core/authorizations.ts";
import { bindDevice } from "../../functions/src/core/bindings.ts";
import { decideUpdate } from "../../functions/src/core/license-changes.ts";
import { slotsOf } from "../../functions/src/core/licenses.ts";
import { DEFAULT_GROUPS } from "../../functions/src/core/policies.ts";
import type { Activation, License } from "../../functions/src/core/records.ts";
import { bindingsForgotten } from "../../functions/src/core/resets.ts";
import { reclaimSeats } from "../../functions/src/core/seats.ts";
import { countIn, countingStarted } from "../../functions/src/core/slots.ts";
import { caller, HOUR, license, NOW, settings } from "../support/records.ts";

/** A license, its machines, and the walk of a caller that sets a limit, if one is under way. */
type World = {
  license: License;
  machines: Map<string, Activation>;
  now: number;
  walk: { epoch: number; left: string[]; limit: number } | undefined;
};

const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
const limit = fc.constantFrom(1, 2, 4);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("activate" as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("deactivate" as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lapse" as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("bind" as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("setLimit" as const), limit }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("liftLimit" as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("walkOn" as const) }) },
);

const settingsWithoutBudget = { ...settings, activationAttemptsPerHour: 0 };

function run(world: World, next: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
  const { machines, now } = world;
  const field = world.license.licenseType === "floating" ? "maxConcurrent" : "maxMachines";
  const update = (slots: number, countedIn?: number) =>
    decideUpdate({ license: world.license, update: { [field]: slots }, countedIn, now });
  switch (next.kind) {
    case "activate": {
      const { changed } = decideActivation({
        license: world.license,
        activation: machines.get(next.name),
        activationId: next.name,
        machine: { fingerprint: next.name, hostname: "h" },
        productId: "prod_tools",
        caller,
        now,
        settings: settingsWithoutBudget,
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
    case "lapse": {
      const seats = [machines.get(next.name)];
      const later = now + HOUR;
      const { license: left, freed } = reclaimSeats({
        license: world.license,
        activations: seats,
        now: later,
      });
      world.license = left;
      for (const one of freed) machines.set(one.id, one);
      return;
    }
    case "bind": {
      const device = { valueHash: next.name, now };
      const bound = bindDevice(world.license, DEFAULT_GROUPS.hwid, device);
      if (bound.ok) world.license = bound.license;
      return;
    }
    case "forget":
      world.license = bindingsForgotten(world.license, ["hwid"], now);
      return;
    case "setLimit": {
      const { license: set, countFirst } = update(next.limit);
      if (!countFirst) world.license = set;
      else {
        if (!world.license.countAhead) world.license = countingStarted(world.license);
        const epoch = world.license.countEpoch;
        world.walk = { epoch, left: [...machines.keys()], limit: next.limit };
      }
      return;
    }
    case "liftLimit":
      world.license = update(-1).license;
      return;
    case "walkOn": {
      const { walk } = world;
      if (!walk) return;
      const page = walk.left.splice(0, 2);
      if (page.length > 0 && world.license.countEpoch === walk.epoch) {
        const { license: more, counted } = countIn(
          world.license,
          page.map((id) => machines.get(id)),
        );
        world.license = more;
        for (const one of counted) machines.set(one.id, one);
      } else {
        world.license = update(walk.limit, walk.epoch).license;
        world.walk = undefined;
      }
    }
  }
}

test.each(["per-machine", "floating"] as const)(
  "a limited %s license counts exactly its machines and bound devices, however its limit was switched among them",
  (licenseType) => {
    const terms = { licenseType, maxMachines: -1, maxConcurrent: -1 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world: World = {
          license: license(terms),
          machines: new Map(),
          now: NOW,
          walk: undefined,
        };
        for (const next of steps) {
          run(world, next);
          if (slotsOf(world.license) === undefined) continue;
          const held = [...world.machines.values()].filter(
            (one) => licenseType === "per-machine" || one.seatExpiresAt !== null,
          );
          const { seatsUsed, machinesUsed, authorization } = world.license;
          const devices = authorization?.hwids.filter(isBound).length ?? 0;
          expect(licenseType === "floating" ? seatsUsed : machinesUsed).toBe(
            held.length + (licenseType === "floating" ? 0 : devices),
          );
        }
      }),
      { numRuns: 2_000 },
    );
  },
);
