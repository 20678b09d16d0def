import cluster, { type Worker } from "node:cluster";
import { write } from "firebase-functions/logger";

/** Before one that died is replaced: one that cannot live must not keep the machine busy. */
const REPLACE_AFTER_MS = 1_000;

type Message = { readonly cannotStart: string };

/**
 * Runs the script in so many processes that serve one port, each connection given to the next.
 * They end with this process, however it ends, as it holds the port and they hear it go.
 * Returns what stops them: it resolves when all have answered their open requests.
 */
export function runWorkers(ask: {
  count: number;
  script: string;
  /** Once all of them listen. */
  ready: (port: number) => void;
  giveUp: (reason: string) => never;
}): () => Promise<unknown> {
  const { count, script, ready, giveUp } = ask;
  let listening = 0;
  let stopping = false;
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: script, args: [] });
  cluster.on("listening", (_, { port }) => {
    listening += 1;
    if (listening === count) ready(port);
  });
  const abandon = (reason: string) => {
    for (const worker of running()) worker.process.kill("SIGKILL");
    giveUp(reason);
  };
  cluster.on("message", (_, { cannotStart }: Message) => abandon(cannotStart));
  cluster.on("exit", ({ id }, code, signal) => {
    if (stopping) return;
    if (listening < count) abandon(`a worker ended with ${signal ?? code}.`);
    write({ severity: "ERROR", message: "a worker ended", worker: id, code, signal });
    setTimeout(() => stopping || cluster.fork(), REPLACE_AFTER_MS);
  });
  for (let started = 0; started < count; started++) cluster.fork();
  return () => {
    stopping = true;
    return Promise.all(running().map(stopped));
  };
}

const running = (): Worker[] => Object.values(cluster.workers ?? {}).filter((one) => one != null);

function stopped(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.process.kill("SIGTERM");
  });
}

/** A worker has nothing to do once nobody gives it connections. */
export function endWithPrimary(): void {
  cluster.worker?.once("error", () => process.exit(1));
}

/** Ends a worker that does not serve; its primary says why, once for all of them. */
export function cannotStart(reason: string): void {
  const message: Message = { cannotStart: reason };
  process.send?.(message, () => process.exit(1));
}
