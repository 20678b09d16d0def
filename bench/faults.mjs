// Kills the server at random points under load, and compares every answer with the store.
//
//   npm run bench:faults [-- --seed 1] [--seconds 30]
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 100_000) },
    seconds: { type: "string", default: "30" },
  },
});
const { status } = spawnSync("jest", ["--verbose", "test/faults/kill.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, FAULT_SEED: values.seed, FAULT_SECONDS: values.seconds },
});
process.exitCode = status ?? 1;
