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

test("0 is no limit and costs nothing", async () => {
  const { store, meter } = metered(engine);
  const { take } = createRateBudgets({ now: () => NOW });
  expect(await take(store, { id: "key", perMinute: 0 })).toEqual({ ok: true });
  expect(meter).toEqual({ reads: 0, writes: 0, aggregates: 0 });
});

test("a store that fails is not a limit: the next request asks again", async () => {
  const { take } = createRateBudgets({ now: () => NOW });
  const broken = { ...engine, transaction: () => Promise.reject(new Error("down")) };
  const ask = { id: "key", perMinute: 60 };
  await expect(take(broken as DocumentStore, ask)).rejects.toThrow("down");
  expect(await take(engine, ask)).toMatchObject({ ok: true });
});
