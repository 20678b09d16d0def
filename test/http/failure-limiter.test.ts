import { createFailureLimiter } from "../../functions/src/http/failure-limiter.ts";
import { HOUR, MINUTE, NOW, SECOND } from "../support/records.ts";

let time: number;
beforeEach(() => {
  time = NOW;
});
const limiterOf = (limit: number) => createFailureLimiter(limit, () => time);

test("a caller is blocked after the last failure it may have, for the rest of its minute", () => {
  const limiter = limiterOf(3);
  limiter.failed("a");
  time += 20 * SECOND;
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBeUndefined();
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBe(40);
  time += 40 * SECOND - 1;
  expect(limiter.blockedFor("a")).toBe(1);
  time += 1;
  expect(limiter.blockedFor("a")).toBeUndefined();
});

test("a new minute begins with the next failure", () => {
  const limiter = limiterOf(2);
  limiter.failed("a");
  time += MINUTE;
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBeUndefined();
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBe(60);
});

test("one caller's failures are nobody else's", () => {
  const limiter = limiterOf(1);
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBe(60);
  expect(limiter.blockedFor("b")).toBeUndefined();
});

test("a limit of 0 blocks nobody", () => {
  const limiter = limiterOf(0);
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBeUndefined();
});

test("a clock that stepped back blocks nobody", () => {
  const limiter = limiterOf(1);
  limiter.failed("a");
  time -= HOUR;
  expect(limiter.blockedFor("a")).toBeUndefined();
  limiter.failed("a");
  expect(limiter.blockedFor("a")).toBe(60);
});

test("of more than ten thousand callers the oldest is forgotten, so that memory stays bounded", () => {
  const limiter = limiterOf(1);
  for (let caller = 0; caller < 10_000; caller++) limiter.failed(String(caller));
  expect(limiter.blockedFor("0")).toBe(60);
  limiter.failed("one more");
  expect(limiter.blockedFor("0")).toBeUndefined();
  expect(limiter.blockedFor("1")).toBe(60);
  expect(limiter.blockedFor("one more")).toBe(60);
});
