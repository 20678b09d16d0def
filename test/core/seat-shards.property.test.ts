import fc from "fast-check";
import { decideActivation, decideDeactivation } from "../../functions/src/core/activations.ts";
import type { Activation, License, SeatShard } from "../../functions/src/core/records.ts";
import {
  dealt,
  homeShard,
  inShard,
  isInStep,
  licenseAfter,
  shardAfter,
  shardOf,
  usedIn,
} from "../../functions/src/core/seat-shards.ts";
import { reclaimSeats } from "../../functions/src/core/seats.ts";
import { activation, caller, HOUR, license, NOW, settings } from "../support/records.ts";

const idOf = (number: number) => `shard-${number}`;
const pool = (limit: number, shards = 0) =>
  license({
    licenseType: "floating",
    maxConcurrent: limit,
    seatShards: shards,
    activatedAt: NOW,
  });

const name = fc.constantFrom(..."abcdefghijkl");
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("activate" as const),
      name,
      asked: fc.option(fc.nat(2), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("deactivate" as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lapse" as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("limit" as const),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
  },
);

test("any sequence: the shards count the seats that are held, and never more than there may be", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let held = pool(5, 3);
      let { license: current, shards } = dealt({ ...held, seatShards: 0 }, [], idOf);
      // Three shards, as a large pool would have.
      ({ license: current, shards } = dealt(
        { ...current, seatShards: 3 },
        withThree(shards),
        idOf,
      ));
      held = current;
      const machines = new Map<string, Activation>();
      let most = 5;
      for (const next of steps) {
        const seated = () =>
          [...machines.values()].filter((one) => one.seatExpiresAt !== null).length;
        if (next.kind === "limit") {
          held = { ...held, maxConcurrent: next.limit };
          most = Math.max(next.limit, seated());
          ({ license: held, shards } = dealt(held, shards, idOf));
          expect(shards.reduce((sum, { seats }) => sum + seats, 0)).toBe(next.limit);
        } else {
          const known = machines.get(next.name);
          const asked = next.kind === "activate" ? next.asked : undefined;
          const number = shardOf(held, { activationId: next.name, activation: known }, asked);
          const shard = shards[number] as SeatShard;
          expect(isInStep(held, shard)).toBe(true);
          const seen = inShard(held, shard);
          let after: License = seen;
          if (next.kind === "activate") {
            const { changed } = decideActivation({
              license: seen,
              activation: known,
              activationId: next.name,
              machine: { fingerprint: next.name, hostname: "h" },
              productId: "prod_tools",
              caller,
              now: NOW,
              settings: { ...settings, activationAttemptsPerHour: 0 },
            });
            after = changed.license ?? seen;
            if (changed.activation) {
              machines.set(next.name, { ...changed.activation, seatShard: number });
            }
          } else if (next.kind === "deactivate") {
            const decision = decideDeactivation({ license: seen, activation: known });
            if (decision.ok) {
              after = decision.license;
              machines.delete(next.name);
            }
          } else {
            const ask = { license: seen, activations: [known], now: NOW + HOUR };
            const { license: left, freed } = reclaimSeats(ask);
            after = left;
            for (const one of freed) machines.set(one.id, one);
          }
          shards = shards.with(number, shardAfter(shard, after));
          expect(licenseAfter(held, shard, after)).toBe(held);
        }
        expect(usedIn(shards)).toBe(seated());
        expect(seated()).toBeLessThanOrEqual(most);
        if (seated() <= (held.maxConcurrent ?? 0)) most = Math.max(most, held.maxConcurrent ?? 0);
      }
    }),
  );
});

const withThree = (shards: readonly SeatShard[]): SeatShard[] => {
  const [first] = shards as [SeatShard];
  return [0, 1, 2].map((number) => ({ ...first, id: idOf(number), number, used: 0 }));
};

test("dealing out gives every seat to one shard, and none less than it has while there is room", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20_000 }),
      fc.array(fc.nat(400), { minLength: 1, maxLength: 64 }),
      (limit, used) => {
        const before = pool(limit, used.length);
        const known = used.map((each, number) => ({ ...emptyShard, number, used: each }));
        const { license: after, shards } = dealt(before, known, idOf);
        expect(shards).toHaveLength(after.seatShards);
        expect(shards.reduce((sum, { seats }) => sum + seats, 0)).toBe(limit);
        expect(usedIn(shards)).toBe(usedIn(known));
        const overdrawn = usedIn(known) > limit;
        for (const shard of shards) {
          if (overdrawn) expect(shard.seats).toBeLessThanOrEqual(shard.used);
          else expect(shard.seats).toBeGreaterThanOrEqual(shard.used);
        }
      },
    ),
  );
});

const emptyShard: SeatShard = {
  id: "shard-0",
  licenseId: license().id,
  accountId: "studio-one",
  number: 0,
  epoch: 0,
  limit: 1,
  seats: 1,
  used: 0,
  attempts: { startedAt: 0, count: 0 },
  turnedAway: { startedAt: 0, seen: [] },
};

test.each([
  [500, 2],
  [8_000, 32],
  [16_000, 64],
  [1_000_000, 64],
])("a pool of %i has %i shards", (limit, count) => {
  const { license: spread, shards } = dealt({ ...pool(limit), seatsUsed: 7 }, [], idOf);
  expect(spread).toMatchObject({ seatShards: count, seatsUsed: limit });
  expect(shards.map(({ used }) => used)).toEqual([7, ...Array(count - 1).fill(0)]);
});

test("machines are spread evenly", () => {
  const counts = Array(32).fill(0);
  const sign = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return sign[(state >>> 16) % 64];
  };
  for (let each = 0; each < 32_000; each++) {
    counts[homeShard(pool(8_000, 32), Array.from({ length: 10 }, draw).join(""))] += 1;
  }
  for (const count of counts) {
    expect(count).toBeGreaterThan(800);
    expect(count).toBeLessThan(1_200);
  }
});

test("a seat that a license counted before it was dealt out is the first shard's", () => {
  const earlier = activation({ seatExpiresAt: NOW });
  expect(shardOf(pool(600, 3), { activationId: "x", activation: earlier }, 2)).toBe(0);
});

test("what a rule changes of the license itself is told from what is the shard's", () => {
  const unused = { ...pool(600, 3), activatedAt: null };
  const { license: held, shards } = dealt(unused, [], idOf);
  const shard = shards[1] as SeatShard;
  const { changed } = decideActivation({
    license: inShard(held, shard),
    activation: undefined,
    activationId: "a",
    machine: { fingerprint: "a", hostname: "h" },
    productId: "prod_tools",
    caller,
    now: NOW,
    settings,
  });
  const after = changed.license as License;
  expect(licenseAfter(held, shard, after)).toEqual({ ...held, activatedAt: NOW });
  expect(shardAfter(shard, after)).toEqual({
    ...shard,
    used: 1,
    attempts: { startedAt: NOW, count: 1 },
  });
});
