import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { write } from "firebase-functions/logger";
import { type Config, readConfig } from "../config.ts";
import { describe } from "../http/faults.ts";
import { createHost, type Handler } from "./host.ts";
import { isScheduled, isTriggered, startSchedules } from "./schedules.ts";
import { localSecrets } from "./secrets.ts";

const ORPHAN_CHECK_MS = 200;

/** Serves the built bundle beside this file: the same functions that are deployed. */
export function main(): void {
  const variables = process.env;
  variables["DATA_DIR"] ||= ".latchkey";
  let store: Config["STORE"];
  try {
    Object.assign(variables, localSecrets(variables["DATA_DIR"], variables));
    store = readConfig(variables).STORE;
  } catch (error) {
    giveUp((error as Error).message);
  }
  const port = portOf(variables["PORT"]);
  if (variables["FIRESTORE_EMULATOR_HOST"]) {
    variables["GCLOUD_PROJECT"] ||= "demo-latchkey";
    // Outside Google's network the client would look for its metadata server before every start.
    variables["METADATA_SERVER_DETECTION"] ||= "none";
  }

  const exported = Object.entries<unknown>(require(join(__dirname, "index.cjs")));
  const schedules = new Map(
    exported.flatMap(([name, value]) => (isScheduled(value) ? [[name, value] as const] : [])),
  );
  // A database without triggers has what they do done by a loop of its own.
  const handlers = exported.filter(
    ([name, value]) => !schedules.has(name) && !isTriggered(value),
  ) as [string, Handler][];
  const isRouted = ([, handler]: [string, Handler]) => "router" in handler;
  const server = createHost(
    new Map(handlers.filter((entry) => !isRouted(entry))),
    new Map(handlers.filter(isRouted)),
  );
  const running = startSchedules(schedules, (name, error) => {
    write({ severity: "ERROR", message: `${name} failed`, error: describe(error) });
  });

  // On one box what waited while no server ran goes on before anybody asks for anything.
  if (store === "sqlite") {
    const start = { jobName: "start", scheduleTime: new Date().toISOString() };
    void Promise.resolve(schedules.get("deliverEvents")?.run(start)).catch((error) =>
      write({ severity: "ERROR", message: "deliverEvents failed", error: describe(error) }),
    );
  }

  let stopping = false;
  const stop = async () => {
    // On Ctrl-C npm passes on what the terminal has sent already.
    if (stopping) return;
    stopping = true;
    const closed = new Promise((resolve) => server.close(resolve));
    // A connection kept alive would hold the exit up once its request is answered.
    setInterval(() => server.closeIdleConnections(), 50);
    await Promise.all([closed, running.stop()]);
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (variables["npm_lifecycle_event"]) onOrphaned(stop);

  const host = variables["HOST"] || "127.0.0.1";
  server.once("error", (error: NodeJS.ErrnoException) => {
    const taken = `port ${port} on ${host} is in use. Set PORT to another, or to 0 for a free one.`;
    giveUp(error.code === "EADDRINUSE" ? taken : error.message);
  });
  server.listen(port, host, () => {
    const bound = (server.address() as AddressInfo).port;
    const shown = host.includes(":") ? `[${host}]` : host;
    console.log(`latchkey listening on http://${shown}:${bound}`);
  });
}

/** npm signals the shell it starts us in, and most shells die of it without passing it on. */
function onOrphaned(stop: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, ORPHAN_CHECK_MS).unref();
}

function portOf(given: string | undefined): number {
  const number = Number(given || "8787");
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  giveUp(`PORT must be a number from 0 to 65535, not ${JSON.stringify(given)}.`);
}

/** For mistakes that the one who starts the server can mend: words instead of a stack trace. */
function giveUp(reason: string): never {
  console.error(`latchkey cannot start: ${reason}`);
  process.exit(1);
}

main();
