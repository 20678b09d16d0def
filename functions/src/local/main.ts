import cluster from "node:cluster";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { write } from "firebase-functions/logger";
import { type Config, databasePath, readConfig } from "../config.ts";
import { describe } from "../http/faults.ts";
import { collections } from "../store/collections.ts";
import { openSqliteExpiry } from "../store/sqlite-expiry.ts";
import { checkData } from "./check-data.ts";
import { keepForgetting } from "./forget-expired.ts";
import { createHost, type Handler } from "./host.ts";
import { isScheduled, isTriggered, startSchedules } from "./schedules.ts";
import { localSecrets } from "./secrets.ts";
import { cannotStart, endWithPrimary, runWorkers } from "./workers.ts";

const ORPHAN_CHECK_MS = 200;
const MAX_WORKERS = 64;

/** Serves the built bundle beside this file: the same functions that are deployed. */
async function main(): Promise<void> {
  // Whatever it writes, the database above all, is for this user alone, also in a directory of others.
  process.umask(0o077);
  const variables = process.env;
  for (const [name, value] of Object.entries(variables)) {
    if (value?.trim() === "") delete variables[name];
  }
  variables["DATA_DIR"] ||= ".latchkey";
  const port = numberOf("PORT", { fallback: 8787, min: 0, max: 65_535 });
  const workers = numberOf("WORKERS", { fallback: 1, min: 1, max: MAX_WORKERS });
  const host = variables["HOST"] || "127.0.0.1";
  const { STORE: store } = await prepare(variables["DATA_DIR"]).catch(giveUp);
  if (variables["FIRESTORE_EMULATOR_HOST"]) {
    variables["GCLOUD_PROJECT"] ||= "demo-latchkey";
    // Outside Google's network the client would look for its metadata server before every start.
    variables["METADATA_SERVER_DETECTION"] ||= "none";
  }
  // What the functions take from it: who delivers mails and events.
  variables["LATCHKEY_ROLE"] = cluster.isWorker ? "worker" : "whole";

  const exported = Object.entries<unknown>(require(join(__dirname, "index.cjs")));
  if (cluster.isWorker) {
    endWithPrimary();
    stopOnSignals(serve({ exported, port, host, ready: () => {}, failed: cannotStart }));
  } else {
    const schedules = runSchedules(exported, store);
    if (store === "sqlite") forgetExpired(variables["DATA_DIR"]);
    const ready = (bound: number) => {
      const shown = host.includes(":") ? `[${host}]` : host;
      console.log(`latchkey listening on http://${shown}:${bound}`);
    };
    const failed = (reason: string) => giveUp(new Error(reason));
    const server =
      workers === 1
        ? serve({ exported, port, host, ready, failed })
        : runWorkers({ count: workers, script: __filename, ready, giveUp: failed });
    const stop = stopOnSignals(() => Promise.all([server(), schedules()]));
    if (variables["npm_lifecycle_event"]) onOrphaned(stop);
  }
}

/** Makes what is missing in the data directory, and looks whether the rest fits. */
async function prepare(dataDir: string): Promise<Config> {
  try {
    Object.assign(process.env, localSecrets(dataDir, process.env));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code
      ? new Error(`${message}. DATA_DIR must be a directory that is yours to write.`)
      : error;
  }
  const config = readConfig(process.env);
  if (config.STORE === "sqlite" && !cluster.isWorker) await checkData(config);
  return config;
}

type Exported = readonly (readonly [name: string, value: unknown])[];

/** Serves until it is told to stop; stopping resolves when every open request is answered. */
function serve(ask: {
  exported: Exported;
  port: number;
  host: string;
  ready: (port: number) => void;
  failed: (reason: string) => void;
}): () => Promise<unknown> {
  const { exported, port, host } = ask;
  // A database without triggers has what they do done by a loop of its own.
  const handlers = exported.filter(([, value]) => !isScheduled(value) && !isTriggered(value)) as [
    string,
    Handler,
  ][];
  const isRouted = ([, handler]: [string, Handler]) => "router" in handler;
  const server = createHost(
    new Map(handlers.filter((entry) => !isRouted(entry))),
    new Map(handlers.filter(isRouted)),
  );
  server.once("error", (error: NodeJS.ErrnoException) => {
    const taken = `port ${port} on ${host} is in use. Set PORT to another, or to 0 for a free one.`;
    const other = `HOST ${host} and PORT ${port} cannot be listened on: ${error.message}.`;
    ask.failed(error.code === "EADDRINUSE" ? taken : other);
  });
  const open = new Set<ServerResponse>();
  let stopping = false;
  server.prependListener("request", (_, response) => {
    if (stopping) response.shouldKeepAlive = false;
    open.add(response);
    response.once("close", () => open.delete(response));
  });
  server.listen(port, host, () => ask.ready((server.address() as AddressInfo).port));
  return () => {
    stopping = true;
    // Who is told so sends nothing more on the connection, where it would only be reset.
    for (const response of open) response.shouldKeepAlive = false;
    const closed = new Promise((resolve) => server.close(resolve));
    // A connection kept alive would hold the exit up once its request is answered.
    setInterval(() => server.closeIdleConnections(), 50);
    return closed;
  };
}

function runSchedules(exported: Exported, store: Config["STORE"]): () => Promise<void> {
  const schedules = new Map(
    exported.flatMap(([name, value]) => (isScheduled(value) ? [[name, value] as const] : [])),
  );
  const failed = (name: string, error: unknown) =>
    write({ severity: "ERROR", message: `${name} failed`, error: describe(error) });
  const running = startSchedules(schedules, failed);
  // On one box what waited while no server ran goes on before anybody asks for anything.
  if (store === "sqlite") {
    const start = { jobName: "start", scheduleTime: new Date().toISOString() };
    void Promise.resolve(schedules.get("deliverEvents")?.run(start)).catch((error) =>
      failed("deliverEvents", error),
    );
  }
  return running.stop;
}

/** What TTL policies do in Firestore. */
function forgetExpired(dataDir: string): void {
  const expiry = openSqliteExpiry(databasePath(dataDir), collections);
  void keepForgetting(expiry, (error) =>
    write({ severity: "WARNING", message: "expired documents", error: describe(error) }),
  );
}

function stopOnSignals(stopAll: () => Promise<unknown>): () => void {
  let stopping = false;
  const stop = async () => {
    // On Ctrl-C npm passes on what the terminal has sent already.
    if (stopping) return;
    stopping = true;
    await stopAll();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return stop;
}

/** npm signals the shell it starts us in, and most shells die of it without passing it on. */
function onOrphaned(stop: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, ORPHAN_CHECK_MS).unref();
}

function numberOf(name: string, form: { fallback: number; min: number; max: number }): number {
  const given = process.env[name];
  const number = Number(given || form.fallback);
  if (Number.isInteger(number) && number >= form.min && number <= form.max) return number;
  return giveUp(
    new Error(
      `${name} must be a number from ${form.min} to ${form.max}, not ${JSON.stringify(given)}.`,
    ),
  );
}

/** For mistakes that the one who starts the server can mend: words instead of a stack trace. */
function giveUp({ message }: Error): never {
  console.error(`latchkey cannot start: ${message}`);
  process.exit(1);
}

void main();
