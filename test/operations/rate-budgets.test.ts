import { createRateBudgets } from "../../functions/src/operations/rate-budgets/take-request.ts";
import { collections } from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { MINUTE, NOW } from "../support/world.ts";

let engine: DocumentStore;
beforeEach(() => {
  engine = openSqliteStore({ path: ":memory:", collections });
});
afterEach(() => engine.close());

test.each([60, 100, 1_000, 10_000])(
  "two servers together let through %i a minute, at one write for ten at most",
  async (perMinute) => {
    let time = NOW;
    const { store, meter } = metered(engine);
    const servers = [0, 1].map(() => createRateBudgets({ now: () => time }));
    const ask = { id: "key", perMinute };
    for (const minute of [1, 2]) {
      const asked = Array.from({ length: perMinute * 2 }, (_, index) =>
        servers[index % 2]?.take(store, ask),
      );
      const taken = await Promise.all(asked);
      expect(taken.filter((one) => one?.ok)).toHaveLength(perMinute);
      expect(taken.find((one) => !one?.ok)).toMatchObject({
        code: "RATE_LIMITED",
        retryAfterSeconds: 60,
      });
      expect(meter.writes).toBeLessThanOrEqual((minute * perMinute) / 10);
      time += MINUTE;
    }
  },
);

test("one who was refused is let in when the wait it was told is over, and asks nothing before", async () => {
  let time = NOW;
  const { store, meter } = metered(engine);
  const { take } = createRateBudgets({ now: () => time });
  const ask = { id: "key", perMinute: 3 };
  for (let request = 0; request < 3; request++)
    expect(await take(store, ask)).toEqual({
      ok: true,
      budget: { perMinute: 3, remaining: 2 - request, endsAt: NOW + MINUTE },
    });
  time += 20_500;
  const { reads } = meter;
  expect(await take(store, ask)).toMatchObject({ ok: false, retryAfterSeconds: 40 });
  expect(meter.reads).toBe(reads);
  time += 40_000;
  expect(await take(store, ask)).toMatchObject({ ok: true });
});

test.each([10, 60, 600, 1_200])(
  "the first hundredth of %i costs nothing, and one server never lets more through",
  async (perMinute) => {
    let time = NOW;
    const { store, meter } = metered(engine);
    const { take } = createRateBudgets({ now: () => time });
    const ask = { id: "key", perMinute };
    for (let minute = 0; minute < 3; minute++) {
      const quiet = { ...meter };
      const startedAt = time;
      for (let request = 1; request <= perMinute; request++) {
        expect(await take(store, ask)).toMatchObject({
          ok: true,
          budget: { remaining: perMinute - request, endsAt: startedAt + MINUTE },
        });
        if (request === Math.ceil(perMinute / 100)) expect(meter).toEqual(quiet);
        time += 1;
      }
      expect(await take(store, ask)).toMatchObject({ ok: false });
      time = startedAt + MINUTE;
    }
  },
);

test("servers that come when a minute is used up let a hundredth of it through each", async () => {
  const { store } = metered(engine);
  const ask = { id: "key", perMinute: 600 };
  const through = async (take: ReturnType<typeof createRateBudgets>["take"]) => {
    let count = 0;
    while ((await take(store, ask)).ok) count += 1;
    return count;
  };
  const servers = Array.from({ length: 10 }, () => createRateBudgets({ now: () => NOW }));
  const counts = [];
  for (const { take } of servers) counts.push(await through(take));
  expect(counts).toEqual([600, ...Array(9).fill(6)]);
});

test("whoever asks for ten thousand others is still refused", async () => {
  const { take } = createRateBudgets({ now: () => NOW });
  const mine = { id: "key", perMinute: 3 };
  for (let request = 0; request < 3; request++) await take(engine, mine);
  for (let other = 0; other < 10_001; other++) {
    await take(engine, { id: `other-${other}`, perMinute: 60 });
  }
  expect(await take(engine, mine)).toMatchObject({ ok: false });
});

test("0 is no limit and costs nothing", async () => {
  const { store, meter } = metered(engine);
  const { take } = createRateBudgets({ now: () => NOW });
  expect(await take(store, { id: "key", perMinute: 0 })).toEqual({ ok: true });
  expect(meter).toEqual({ reads: 0, writes: 0, aggregates: 0 });
});

test("a store that fails is not a limit: the next request asks again", async () => {
  const { take } = createRateBudgets({ now: () => NOW });
  const broken = { ...engine, transaction: () => Promise.reject(new Error("down")) };
  const ask = { id: "key", perMinute: 9 };
  await expect(take(broken as DocumentStore, ask)).rejects.toThrow("down");
  expect(await take(engine, ask)).toMatchObject({ ok: true });
});
