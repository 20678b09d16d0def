import { execFileSync } from "node:child_process";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import * as deployed from "../../functions/src/index.ts";
import { isScheduled } from "../../functions/src/local/schedules.ts";
import { newLicense, raceForMachines } from "../support/races.ts";
import { launchServer, newDataDir, startServer } from "../support/server-process.ts";
import { machine } from "../support/world.ts";

const WORKERS = 3;
const env = { WORKERS: String(WORKERS), ACTIVATION_ATTEMPTS_PER_HOUR: "100000" };

const childrenOf = (pid: number): number[] =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

test("the primary prints one line when all its workers serve, and nothing else", async () => {
  const server = await startServer({ env });
  expect(childrenOf(server.pid)).toHaveLength(WORKERS);
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => server.call("nothing/here", {})),
  );
  expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(404));
  expect(server.printed).toEqual({ stdout: `latchkey listening on ${server.url}\n`, stderr: "" });
});

test("schedules, mails, events and what expired are the primary's alone", async () => {
  // Says which process waits for how long before it looks again.
  const spy = `import timers from "node:timers/promises"; import { syncBuiltinESMExports } from "node:module";
    const say = (kind, ms) => console.error(["waits", process.pid, kind, ms].join(" "));
    const { setTimeout: pause } = timers; const { setInterval: every } = globalThis;
    timers.setTimeout = (ms, ...more) => (say("pause", ms), pause(ms, ...more)); syncBuiltinESMExports();
    globalThis.setInterval = (run, ms, ...more) => (ms >= 60000 && say("interval", ms), every(run, ms, ...more));`;
  const hook = `--import=data:text/javascript,${encodeURIComponent(spy)}`;
  const server = await startServer({ env: { ...env, NODE_OPTIONS: hook } });
  const { licenseKey } = await newLicense([server], {});
  // A new connection for each: every worker has its turn, and a second one when it has begun.
  for (let n = 0; n < WORKERS * 3; n++) {
    await new Promise<void>((resolve, reject) => {
      const agent = new Agent({ keepAlive: false });
      const asked = request(`${server.url}/verify`, { method: "POST", agent }, (response) => {
        response.resume().on("end", resolve);
      });
      asked.on("error", reject).end(JSON.stringify({ licenseKey, productId: "prod_tools" }));
    });
  }
  const waits = [...server.printed.stderr.matchAll(/^waits (\d+) (\w+) (\d+)$/gm)];
  expect(new Set(waits.map(([, pid]) => Number(pid)))).toEqual(new Set([server.pid]));
  const of = (wanted: string) => waits.filter(([, , kind]) => kind === wanted);
  expect(of("interval")).toHaveLength(Object.values<unknown>(deployed).filter(isScheduled).length);
  // 250 ms between looks for events, 500 ms for mails, 1 s for what expired.
  expect(new Set(of("pause").map(([, , , ms]) => ms))).toEqual(new Set(["250", "500", "1000"]));
});

test("limits hold across workers: 100 machines at once, three slots", async () => {
  const server = await startServer({ env });
  const { licenseKey, productId } = await newLicense([server], { maxMachines: 3 });
  const statuses = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      for (;;) {
        const reply = await server.call("activate", machine(licenseKey, `m${n}`, productId));
        if (reply.status !== 503) return reply.status;
      }
    }),
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 403)).toHaveLength(97);
  await raceForMachines([server], { retries: 5 });
});

test("SIGTERM lets an open request be answered, loses no log line and exits with 0", async () => {
  const server = await startServer({ env });
  const { licenseKey, productId } = await newLicense([server], {});
  await Promise.all(
    Array.from({ length: 60 }, () => server.call("verify", { licenseKey, productId })),
  );
  const body = JSON.stringify({ licenseKey, productId });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const head = `POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`;
  let heard = "";
  socket.setEncoding("utf8").on("data", (text) => {
    heard += text;
  });
  socket.write(head);
  await until(() => heard.includes("100 Continue"));
  const stopped = server.stop();
  await until(async () => !(await answers(server.url)));
  socket.end(body);
  expect(await stopped).toBe(0);
  expect(heard).toMatch(/HTTP\/1.1 200 OK/);
  expect(server.printed.stdout.match(/"message":"verify 200"/g)).toHaveLength(61);
});

test("kill -9 of the primary frees the port, and its workers end", async () => {
  const server = await startServer({ env });
  const workers = childrenOf(server.pid);
  expect(workers).toHaveLength(WORKERS);
  await server.kill();
  const { port } = new URL(server.url);
  const next = await startServer({ dataDir: server.dataDir, env: { ...env, PORT: port } });
  expect(next.url).toBe(server.url);
  expect((await next.call("health", undefined, { method: "GET" })).status).toBe(200);
  await until(() => !workers.some(runs));
});

test("a worker that dies is replaced, while the others serve", async () => {
  const server = await startServer({ env });
  const before = childrenOf(server.pid);
  const [victim = 0] = before;
  process.kill(victim, "SIGKILL");
  await until(() => !runs(victim));
  expect((await server.call("health", undefined, { method: "GET" })).status).toBe(200);
  await until(() => childrenOf(server.pid).filter((pid) => pid !== victim).length === WORKERS);
  await until(() => server.printed.stderr.includes('"a worker ended"'));
  expect(await server.stop()).toBe(0);
});

test("what keeps them from starting is said once", async () => {
  const taken = await startServer();
  const { port } = new URL(taken.url);
  const refusals = [
    [
      { ...env, PORT: port },
      `port ${port} on 127.0.0.1 is in use. Set PORT to another, or to 0 for a free one.`,
    ],
    [{ WORKERS: "0" }, 'WORKERS must be a number from 1 to 64, not "0".'],
    [{ WORKERS: "many" }, 'WORKERS must be a number from 1 to 64, not "many".'],
  ] as const;
  for (const [given, reason] of refusals) {
    const server = launchServer({ DATA_DIR: newDataDir(), ...given });
    expect(await server.exited).toBe(1);
    expect(server.printed).toEqual({ stdout: "", stderr: `latchkey cannot start: ${reason}\n` });
  }
});
