import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type CallOptions, type Json, type Reply, send } from "./world.ts";

const ROOT = join(__dirname, "../..");
const READY = /^latchkey listening on (http:\/\/\S+)$/m;

export type Environment = Readonly<Record<string, string>>;

/** A process of the repository's own. Whatever still runs after the tests of the file is killed. */
export type Launched = {
  readonly pid: number;
  readonly printed: { stdout: string; stderr: string };
  /** The exit code, or `null` when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Waits until stdout shows it; fails when the process ends first. */
  readonly prints: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly signal: (name: NodeJS.Signals) => void;
};

export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly adminSecret: string;
  readonly printed: Launched["printed"];
  readonly call: (name: string, body?: unknown, options?: CallOptions) => Promise<Reply>;
  /** The same with the admin secret; fails the test unless the answer is 200. */
  readonly admin: (name: string, body: Json) => Promise<Json>;
  /** SIGTERM; returns the exit code. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
};

const running = new Set<Launched>();
const directories: string[] = [];

afterAll(async () => {
  await Promise.all(
    [...running].map((launched) => {
      launched.signal("SIGKILL");
      return launched.exited;
    }),
  );
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** An empty directory, removed after the tests of the file. */
export function newDataDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "latchkey-"));
  directories.push(directory);
  return directory;
}

/** Runs a command in the repository, with no environment but the one given. */
export function launch(ask: {
  command: string;
  args: readonly string[];
  env?: Environment;
  /** Signals reach the processes it starts too, as Ctrl-C in a terminal does. */
  group?: boolean;
}): Launched {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(ask.command, ask.args, {
    cwd: ROOT,
    env: { PATH, HOME, ...ask.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: ask.group ?? false,
  });
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    printed.stderr += text;
  });
  const { promise: exited, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  const launched: Launched = {
    pid: child.pid ?? 0,
    printed,
    exited,
    signal: (name) => {
      if (ask.group && child.pid !== undefined) process.kill(-child.pid, name);
      else child.kill(name);
    },
    prints: (pattern) =>
      new Promise((found, failed) => {
        const look = () => {
          const match = pattern.exec(printed.stdout);
          if (match) found(match);
        };
        look();
        child.stdout.on("data", look);
        exited
          .then((code) => failed(new Error(`exit code ${code}:\n${printed.stderr}`)))
          .catch(failed);
      }),
  };
  running.add(launched);
  exited.catch(() => {}).finally(() => running.delete(launched));
  return launched;
}

/** Runs one of the repository's scripts on this Node. */
export const launchScript = (name: string, env: Environment = {}): Launched =>
  launch({
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", `scripts/${name}`],
    env,
  });

/** What `npm start` runs, on a free port. */
export const launchServer = (env: Environment): Launched =>
  launchScript("start.mjs", { PORT: "0", ...env });

/** The same from another bundle, which finds its libraries where the repository's does. */
const launchBundle = (bundle: string, env: Environment): Launched =>
  launch({
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(bundle, "local.cjs")],
    env: {
      PORT: "0",
      NODE_PATH: ["functions/node_modules", "node_modules"].join(delimiter),
      ...env,
    },
  });

/** A server on a free port, ready for requests. */
export async function startServer(
  options: { dataDir?: string; env?: Environment; bundle?: string } = {},
): Promise<ServerProcess> {
  const { bundle, dataDir = newDataDir() } = options;
  const env = { DATA_DIR: dataDir, ...options.env };
  const launched = bundle === undefined ? launchServer(env) : launchBundle(bundle, env);
  const [, url = ""] = await launched.prints(READY);
  const adminSecret = readFileSync(join(dataDir, "secrets", "ADMIN_SECRET"), "utf8").trim();
  const call: ServerProcess["call"] = (name, body, more) => send(url, name, body, more);
  return {
    url,
    pid: launched.pid,
    dataDir,
    adminSecret,
    printed: launched.printed,
    call,
    admin: async (name, body) => {
      const reply = await call(name, body, { headers: { "x-admin-secret": adminSecret } });
      if (reply.status !== 200) throw new Error(`${name}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    stop: () => {
      launched.signal("SIGTERM");
      return launched.exited;
    },
    kill: async () => {
      launched.signal("SIGKILL");
      await launched.exited;
    },
  };
}
