import fc from "fast-check";
import {
  type LoginFailures,
  lockedFor,
  loginFailed,
} from "../../functions/src/core/login-failures.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const failing = (times: number, at = 0): LoginFailures | undefined => {
  let known: LoginFailures | undefined;
  for (let time = 0; time < times; time++) known = loginFailed("a", known, at);
  return known;
};

test.each([
  [0, undefined],
  [9, undefined],
  [10, 60],
  [11, 120],
  [12, 240],
  [15, 1920],
  [16, 3600],
  [1_000, 3600],
])("after %i failures the address waits %s seconds", (times, seconds) => {
  expect(lockedFor(failing(times), 0)).toBe(seconds);
});

test("a lock ends on the millisecond, and a day without a failure forgives all", () => {
  const known = failing(10) as LoginFailures;
  expect(lockedFor(known, MINUTE - 1)).toBe(1);
  expect(lockedFor(known, MINUTE)).toBeUndefined();
  expect(loginFailed("a", known, DAY - 1).count).toBe(11);
  expect(loginFailed("a", known, DAY)).toMatchObject({ count: 1, lockedUntil: 0 });
});

test("whoever waits for each lock has few guesses a day", () => {
  let now = 0;
  let guesses = 0;
  let known: LoginFailures | undefined;
  while (now < DAY) {
    known = loginFailed("a", known, now);
    guesses += 1;
    now += (lockedFor(known, now) ?? 0) * 1000;
  }
  expect(guesses).toBeLessThan(40);
});

test("no failure shortens the wait, and none is longer than an hour", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 * HOUR), { maxLength: 40 }), (pauses) => {
      let now = 0;
      let known: LoginFailures | undefined;
      let longest = 0;
      for (const pause of pauses) {
        now += pause;
        known = loginFailed("a", known, now);
        const wait = lockedFor(known, now) ?? 0;
        expect(wait).toBeGreaterThanOrEqual(longest);
        longest = wait;
        expect(wait).toBeLessThanOrEqual(3600);
      }
    }),
  );
});
