import fc from "fast-check";
import { attemptLimit, countAttempt } from "../../functions/src/core/attempts.ts";
import type { Attempts } from "../../functions/src/core/records.ts";
import { HOUR, MINUTE, NOW, SECOND } from "../support/records.ts";

const LIMIT = 15;

/** The attempts after asking at each of those instants, and which of them were refused. */
function ask(instants: readonly number[], before: Attempts | null = null) {
  let attempts = before;
  const refused: number[] = [];
  for (const now of instants) {
    const counted = countAttempt(attempts, LIMIT, now);
    if (counted.ok) attempts = counted.attempts;
    else refused.push(now);
  }
  return { attempts, refused };
}

const spent = (startedAt: number): Attempts => ({ startedAt, count: LIMIT });

test("fifteen attempts in the hour since the first are free, the sixteenth is refused", () => {
  const instants = Array.from({ length: 16 }, (_, index) => NOW + index * MINUTE);
  expect(ask(instants)).toEqual({
    attempts: { startedAt: NOW, count: 15 },
    refused: [NOW + 15 * MINUTE],
  });
});

test("the hour begins with the first attempt, not with the clock's", () => {
  const { attempts } = ask([NOW + 59 * MINUTE, NOW + 61 * MINUTE]);
  expect(attempts).toEqual({ startedAt: NOW + 59 * MINUTE, count: 2 });
});

test.each([
  [0, 3600],
  [1, 3600],
  [SECOND, 3599],
  [HOUR - SECOND, 1],
  [HOUR - 1, 1],
])("%i ms into a spent hour the wait is %i s", (elapsed, retryAfterSeconds) => {
  expect(countAttempt(spent(NOW), LIMIT, NOW + elapsed)).toEqual({
    ok: false,
    code: "RATE_LIMITED",
    retryAfterSeconds,
  });
});

test("who waits as long as told succeeds", () => {
  fc.assert(
    fc.property(fc.nat(HOUR - 1), (elapsed) => {
      const now = NOW + elapsed;
      const refused = countAttempt(spent(NOW), LIMIT, now);
      if (refused.ok) throw new Error("not refused");
      const wait = Number(refused.retryAfterSeconds) * SECOND;
      expect(wait).toBeGreaterThan(0);
      expect(countAttempt(spent(NOW), LIMIT, now + wait)).toEqual({
        ok: true,
        attempts: { startedAt: now + wait, count: 1 },
      });
    }),
  );
});

test("refused attempts do not make the wait longer", () => {
  const hammering = Array.from({ length: 59 }, (_, index) => NOW + index * MINUTE);
  const { attempts, refused } = ask(hammering, spent(NOW));
  expect(refused).toHaveLength(59);
  expect(attempts).toEqual(spent(NOW));
});

test("a caller up to a minute behind the others joins their window", () => {
  for (const behind of [1, MINUTE]) {
    expect(countAttempt(spent(NOW), LIMIT, NOW - behind).ok).toBe(false);
    expect(countAttempt({ startedAt: NOW, count: 3 }, LIMIT, NOW - behind)).toMatchObject({
      attempts: { startedAt: NOW, count: 4 },
    });
  }
});

test("a clock that stepped back locks nobody out", () => {
  fc.assert(
    fc.property(fc.integer({ min: MINUTE + 1, max: 365 * 24 * HOUR }), (back) => {
      expect(countAttempt(spent(NOW), LIMIT, NOW - back).ok).toBe(true);
    }),
  );
});

test("whatever the clock did, an hour after a refusal the next attempt is free", () => {
  const moves = fc.array(fc.integer({ min: -5 * MINUTE, max: 5 * MINUTE }), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (steps) => {
      const instants = [NOW];
      for (const step of steps) instants.push(Number(instants.at(-1)) + step);
      const { attempts } = ask(instants);
      expect(countAttempt(attempts, LIMIT, Number(instants.at(-1)) + HOUR).ok).toBe(true);
    }),
  );
});

test.each([
  ["a license without slots", undefined, 15],
  ["1 slot", 1, 15],
  ["5 slots", 5, 15],
  ["6 slots", 6, 18],
  ["100 slots", 100, 300],
])("the hourly budget of %s", (_, slots, limit) => {
  expect(attemptLimit(slots, 15)).toBe(limit);
});

test("a base of 0 is no limit", () => {
  expect(attemptLimit(2, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(attemptLimit(undefined, 0)).toBe(Number.POSITIVE_INFINITY);
});
