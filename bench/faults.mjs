// Kills the server at random points under load, and compares every answer with the store.
//
//   npm run bench:faults [-- --seed 1] [--seconds 30]
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { asked, positive } from "./asked.ts";

const USAGE = `npm run bench:faults -- [--seed 1] [--seconds 30]
kills the server at random points under load, and compares every answer with the store.`;
const { seed, seconds } = asked(USAGE, () => {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(1 + (Date.now() % 100_000)) },
      seconds: { type: "string", default: "30" },
    },
  });
  return {
    seed: positive("--seed", values.seed),
    seconds: positive("--seconds", values.seconds),
  };
});
const { status } = spawnSync("jest", ["--verbose", "test/faults/kill.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, FAULT_SEED: String(seed), FAULT_SECONDS: String(seconds) },
});
process.exitCode = status ?? 1;
