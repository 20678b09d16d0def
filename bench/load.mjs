// How fast the built local server is on SQLite. The load comes from this process, which is not the server's.
//
//   npm run bench [-- --only verify --seconds 6 --workers 1,4 --connections 1,32 --save]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundleIfStale } from "../scripts/build.mjs";
import { asked, positive } from "./asked.ts";
import { measure } from "./load/measure.mjs";
import { PRODUCT, scenarios } from "./load/scenarios.mjs";
import { openSeeder } from "./load/seed.ts";
import { cores, startServer } from "./load/server.mjs";

const WARM_UP_SECONDS = 2;
const USAGE = `npm run bench -- [--only verify] [--seconds 6] [--workers 1,4] [--connections 1,32] [--save]
measures the local server under load. --only is a part of a scenario's name:
${scenarios.map(({ name }) => `  ${name}`).join("\n")}`;
const { seconds, connections, workers, chosen, keep } = asked(USAGE, () => {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      seconds: { type: "string", default: "6" },
      workers: { type: "string", default: "1" },
      connections: { type: "string", default: "1,32" },
      save: { type: "boolean", default: false },
    },
  });
  const chosen = scenarios.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) throw new RangeError(`no scenario has "${values.only}" in its name`);
  return {
    seconds: positive("--seconds", values.seconds),
    connections: values.connections.split(",").map((text) => positive("--connections", text)),
    workers: values.workers.split(",").map((text) => positive("--workers", text)),
    ...{ chosen, keep: values.save },
  };
});

const columns = [
  ["workers", "workers"],
  ["connections", "conns"],
  ["requestsPerSecond", "req/s"],
  ["p50Ms", "p50 ms"],
  ["p99Ms", "p99 ms"],
  ["errors", "errors"],
  ["reads", "reads"],
  ["writes", "writes"],
  ["cpuMicroseconds", "CPU us"],
];
const takenAt = new Date().toISOString().slice(0, 10);
const machine = { cores, node: process.version, platform: process.platform };

await bundleIfStale();
console.log(
  `${cores} cores, Node ${process.version}, ${seconds} s each after ${WARM_UP_SECONDS} s of warming up.`,
);
console.log(
  "The sender takes a core too. Reads, writes and CPU time of the server are per request.\n",
);
console.log("scenario".padEnd(44) + columns.map(([, title]) => title.padStart(9)).join(""));
const results = [];
for (const scenario of chosen) for (const count of workers) await run(scenario, count);
if (keep) save();

async function run({ name, logged, settings, prepare }, count) {
  const server = await startServer({ workers: count, settings });
  try {
    await server.admin("createProduct", { name: "Tools", productId: PRODUCT });
    const { dataDir, secrets } = server;
    const seeder = await openSeeder({ dataDir, secrets, productHandle: PRODUCT });
    const requests = await prepare(server, seeder).finally(() => seeder.close());
    if (!requests) {
      console.log(`${name.padEnd(44)}${"not served".padStart(18)}`);
      return;
    }
    for (const open of connections) {
      const ask = { requests, logged, connections: open, seconds, warmUpSeconds: WARM_UP_SECONDS };
      const result = { scenario: name, workers: count, takenAt, ...(await measure(server, ask)) };
      results.push(result);
      const cells = columns.map(([field]) => String(result[field] ?? "").padStart(9));
      console.log(name.padEnd(44) + cells.join(""));
    }
  } finally {
    await server.stop();
  }
}

/**
 * One file for each class of machine: the cores and the Node version are all it tells of this one. Of
 * each measurement it keeps the best run, as whatever else a machine does only makes it slower.
 */
function save() {
  const directory = new URL("results/", import.meta.url);
  mkdirSync(directory, { recursive: true });
  const major = process.versions.node.split(".")[0];
  const file = new URL(`${cores}-cores-node-${major}.json`, directory);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).results : [];
  const best = new Map();
  for (const result of [...before, ...results]) {
    const key = JSON.stringify([result.scenario, result.workers, result.connections]);
    const known = best.get(key)?.requestsPerSecond ?? 0;
    if (!best.has(key) || result.requestsPerSecond > known) best.set(key, result);
  }
  const text = JSON.stringify({ machine, results: [...best.values()] }, null, 2);
  writeFileSync(file, `${text}\n`);
  console.log(`\nsaved to bench/results/${file.pathname.split("/").at(-1)}`);
}
