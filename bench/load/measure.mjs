import autocannon from "autocannon";

/**
 * Sends requests for a time and says what came of them.
 *
 * @param {Awaited<ReturnType<typeof import("./server.mjs").startServer>>} server
 * @param {{ requests: object[], logged: string[], connections: number, seconds: number, warmUpSeconds: number }} ask
 */
export async function measure(server, ask) {
  const { requests, logged, connections, seconds, warmUpSeconds } = ask;
  await send(server.url, requests, connections, warmUpSeconds);
  const from = server.logLength();
  const cpuBefore = server.cpuMs();
  const sent = await send(server.url, requests, connections, seconds);
  const cpuAfter = server.cpuMs();
  const lines = server.logLines(from).filter((line) => logged.includes(line.function));
  const mean = (field) => round(lines.reduce((sum, line) => sum + line[field], 0) / lines.length);
  const sorted = sent.times.sort((a, b) => a - b);
  const at = (share) => round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN, 2);
  return {
    connections,
    requestsPerSecond: Math.round(sent.times.length / sent.seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    errors: sent.errors,
    reads: mean("reads"),
    writes: mean("writes"),
    aggregates: mean("aggregates"),
    ...(cpuBefore === undefined || cpuAfter === undefined
      ? {}
      : { cpuMicroseconds: Math.round(((cpuAfter - cpuBefore) * 1000) / sent.times.length) }),
  };
}

function send(url, requests, connections, duration) {
  const times = [];
  let refused = 0;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const run = autocannon({ url, connections, duration, requests }, (error, result) => {
      if (error) reject(error);
      else {
        const errors = refused + result.errors + result.timeouts;
        resolve({ times, errors, seconds: (performance.now() - startedAt) / 1000 });
      }
    });
    run.on("response", (_, status, __, ms) => {
      times.push(ms);
      if (status !== 200) refused += 1;
    });
  });
}

function round(value, digits = 1) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
