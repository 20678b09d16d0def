import * as deployed from "../../functions/src/index.ts";
import {
  intervalMs,
  isScheduled,
  isTriggered,
  startSchedules,
} from "../../functions/src/local/schedules.ts";
import { DAY, HOUR, MINUTE, NOW } from "../support/records.ts";

beforeEach(() => jest.useFakeTimers({ now: NOW }));
afterEach(() => jest.useRealTimers());

const schedule = (run: () => unknown, every = "every 5 minutes") =>
  Object.assign(() => {}, { run, __endpoint: { scheduleTrigger: { schedule: every } } });

test.each([
  ["every 1 minutes", MINUTE],
  ["every 5 minutes", 5 * MINUTE],
  ["every 24 hours", DAY],
])("%s", (given, ms) => {
  expect(intervalMs(given)).toBe(ms);
});

test.each([
  "",
  "every minute",
  "every 0 minutes",
  "every -5 minutes",
  "every 1.5 hours",
  "every 5 minutes ",
  "every 5 days",
  "every monday 09:00",
  "*/5 * * * *",
])("%j is not understood, and said so", (given) => {
  expect(() => intervalMs(given)).toThrow(`the schedule "${given}"`);
});

test("a scheduled function is told from the others", () => {
  expect(isScheduled(deployed.expireFloatingSessions)).toBe(true);
  const http = Object.assign(() => {}, { __endpoint: { httpsTrigger: {} } });
  for (const other of [deployed.activate, http, () => {}, {}, null, undefined, "every 5 minutes"]) {
    expect(isScheduled(other)).toBe(false);
  }
});

test("so is one that the database triggers: the local server serves neither", () => {
  expect(isTriggered(deployed.onOutboxEvent)).toBe(true);
  expect(deployed.onOutboxEvent.__endpoint.eventTrigger).toEqual({
    eventType: "google.cloud.firestore.document.v1.created",
    eventFilters: { database: "(default)", namespace: "(default)" },
    eventFilterPathPatterns: { document: "outbox/{id}" },
    retry: false,
  });
  for (const other of [deployed.activate, deployed.expireFloatingSessions, null, {}]) {
    expect(isTriggered(other)).toBe(false);
  }
});

test("every schedule we deploy is understood", () => {
  for (const scheduled of Object.values<unknown>(deployed).filter(isScheduled)) {
    expect(intervalMs(scheduled.__endpoint.scheduleTrigger.schedule)).toBeGreaterThan(0);
  }
});

test("each function runs at its own interval and is told when", async () => {
  const [often, seldom] = [jest.fn(), jest.fn()];
  const running = startSchedules(
    new Map([
      ["often", schedule(often)],
      ["seldom", schedule(seldom, "every 1 hours")],
    ]),
    fail,
  );
  await jest.advanceTimersByTimeAsync(5 * MINUTE - 1);
  expect(often).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(often).toHaveBeenCalledWith({
    jobName: "often",
    scheduleTime: "2026-11-20T09:05:00.000Z",
  });
  await jest.advanceTimersByTimeAsync(HOUR);
  expect([often.mock.calls.length, seldom.mock.calls.length]).toEqual([13, 1]);
  await running.stop();
  await jest.advanceTimersByTimeAsync(HOUR);
  expect(often).toHaveBeenCalledTimes(13);
});

test("a run that takes longer is not joined by a second, and stopping waits for it", async () => {
  let finish = () => {};
  const slow = jest.fn(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const running = startSchedules(new Map([["slow", schedule(slow)]]), fail);
  await jest.advanceTimersByTimeAsync(20 * MINUTE);
  expect(slow).toHaveBeenCalledTimes(1);
  finish();
  await jest.advanceTimersByTimeAsync(5 * MINUTE);
  expect(slow).toHaveBeenCalledTimes(2);

  const stopped = jest.fn();
  const stopping = running.stop().then(stopped);
  await jest.advanceTimersByTimeAsync(HOUR);
  expect(stopped).not.toHaveBeenCalled();
  finish();
  await stopping;
  expect(slow).toHaveBeenCalledTimes(2);
});

test("a run that fails is reported and does not end the schedule", async () => {
  const failed = jest.fn();
  const error = new Error("the store is down");
  const thrown = jest.fn(() => {
    throw error;
  });
  const running = startSchedules(
    new Map([
      ["throws", schedule(thrown)],
      ["rejects", schedule(() => Promise.reject(error))],
    ]),
    failed,
  );
  await jest.advanceTimersByTimeAsync(10 * MINUTE);
  await running.stop();
  expect(thrown).toHaveBeenCalledTimes(2);
  expect(failed.mock.calls).toEqual([
    ["throws", error],
    ["rejects", error],
    ["throws", error],
    ["rejects", error],
  ]);
});

const fail = (name: string, error: unknown) => {
  throw new Error(`${name} failed`, { cause: error });
};
