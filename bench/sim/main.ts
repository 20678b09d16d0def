// What Firestore's limits make of a morning on which everybody comes at once, in virtual time.
//
//   npm run sim [-- --seed 1] [--machines 10000] [--seats 8000] [--heartbeats 50000] [--save]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asked, positive } from "../asked.ts";
import type { Limits } from "./firestore.ts";
import { type Outcome, runStorm, type Storm } from "./storm.ts";

const MINUTE_MS = 60_000;
const RESULTS = join(import.meta.dirname, "../results");

const USAGE = `npm run sim -- [--seed 1] [--machines 10000] [--seats 8000] [--heartbeats 50000] [--save]
plays a morning storm on Firestore in virtual time. --save keeps what came of it in bench/results/sim.json.`;
const { keep, ...sizes } = asked(USAGE, () => {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      machines: { type: "string", default: "10000" },
      seats: { type: "string", default: "8000" },
      heartbeats: { type: "string", default: "50000" },
      save: { type: "boolean", default: false },
    },
  });
  return {
    seed: positive("--seed", values.seed),
    machines: positive("--machines", values.machines),
    seats: positive("--seats", values.seats),
    heartbeats: positive("--heartbeats", values.heartbeats),
    keep: values.save,
  };
});

/** A database in one region; the medians and tails are assumptions, the rate is Google's. */
const regional: Omit<Limits, "concurrency" | "writesPerSecond" | "burstWrites"> = {
  read: { median: 12, p99: 60 },
  commit: { median: 40, p99: 160 },
  lockWaitMs: 20_000,
};

/** What Google says one document sustains, and as if nothing but latency bound it. */
const services: Record<string, Limits> = {
  "1 write/s, pessimistic": {
    ...regional,
    concurrency: "pessimistic",
    writesPerSecond: 1,
    burstWrites: 30,
  },
  "1 write/s, optimistic": {
    ...regional,
    concurrency: "optimistic",
    writesPerSecond: 1,
    burstWrites: 30,
  },
  "latency only, pessimistic": {
    ...regional,
    concurrency: "pessimistic",
    writesPerSecond: 1_000,
    burstWrites: 1_000,
  },
  "latency only, optimistic": {
    ...regional,
    concurrency: "optimistic",
    writesPerSecond: 1_000,
    burstWrites: 1_000,
  },
};

const counters = { "in the license": false, "in shards": true };

const storm: Omit<Storm, "limits" | "inShards"> = {
  ...sizes,
  arrivalMs: 10 * MINUTE_MS,
  endMs: 15 * MINUTE_MS,
};

const seconds = (ms: number) => Math.round(ms / 10) / 100;

const row = (outcome: Outcome) => ({
  granted: outcome.granted,
  denied: outcome.denied,
  waiting: outcome.unanswered,
  "p50 s": seconds(outcome.checkout.p50),
  "p99 s": seconds(outcome.checkout.p99),
  "heartbeat p99 s": seconds(outcome.heartbeat.p99),
  "aborted %": Math.round(outcome.abortRate * 1000) / 10,
  retries: outcome.retries,
  503: outcome.busyAnswers,
  queue: outcome.longestQueue,
  "done at min": Math.round(outcome.settledMs / 6000) / 10,
});

const outcomes: Record<string, Outcome> = {};
for (const [service, limits] of Object.entries(services)) {
  for (const [counter, inShards] of Object.entries(counters)) {
    const name = `${service}, ${counter}`;
    const outcome = await runStorm({ ...storm, limits, inShards });
    const { mostSeats, granted, denied, unanswered } = outcome;
    if (mostSeats > storm.seats) throw new Error(`${name}: ${mostSeats} seats of ${storm.seats}`);
    const wanted = Math.min(storm.machines, storm.seats);
    if (unanswered === 0 && (granted !== wanted || denied !== storm.machines - wanted)) {
      throw new Error(`${name}: ${granted} granted and ${denied} denied`);
    }
    outcomes[name] = outcome;
    console.error(`${name}: done`);
  }
}
console.table(Object.fromEntries(Object.entries(outcomes).map(([name, o]) => [name, row(o)])));
if (keep) {
  mkdirSync(RESULTS, { recursive: true });
  const text = JSON.stringify({ storm, services, outcomes }, null, 2);
  writeFileSync(join(RESULTS, "sim.json"), `${text}\n`);
}
