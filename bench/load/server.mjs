import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const START = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const READY = /^latchkey listening on (\S+)$/m;
const START_WITHIN_MS = 30_000;
const TICKS_PER_SECOND = 100;

const secrets = {
  ADMIN_SECRET: "bench-admin-secret",
  LOOKUP_PEPPER: "1".repeat(64),
  ENCRYPTION_KEYS: `1:${"2".repeat(64)}`,
};

/** Every limit that one sender would meet. */
const unlimited = {
  FAILED_REQUESTS_PER_MINUTE: "0",
  ACTIVATION_ATTEMPTS_PER_HOUR: "0",
  CODEGATE_REQUESTS_PER_MINUTE: "0",
  GECKOGUARD_ADDRESS_PER_MINUTE: "0",
  GECKOGUARD_ANONYMOUS_PER_MINUTE: "0",
  GECKOGUARD_KEY_PER_MINUTE: "0",
  GECKOGUARD_PRODUCT_PER_MINUTE: "0",
  GECKOGUARD_LICENSE_KEY_PER_MINUTE: "0",
};

/**
 * The built server in a process of its own, on SQLite in a directory of its own. Its log goes to a
 * file, which costs it what a log file costs, and this process nothing while it measures.
 *
 * @param {{ workers: number, settings?: NodeJS.ProcessEnv }} options
 */
export async function startServer({ workers, settings = {} }) {
  const dataDir = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const log = join(dataDir, "stdout.log");
  const output = openSync(log, "w");
  const own = { DATA_DIR: dataDir, PORT: "0", WORKERS: String(workers) };
  const env = { ...own, ...secrets, ...unlimited, ...settings };
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--enable-source-maps", START],
    { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", output, "inherit"] },
  );
  closeSync(output);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const deadline = performance.now() + START_WITHIN_MS;
  let url;
  while (!url) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error("no server");
    await pause(20);
    url = READY.exec(readFileSync(log, "utf8"))?.[1];
  }
  const call = async (name, body, { headers = {}, method = "POST" } = {}) => {
    const response = await fetch(`${url}/${name}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  };
  return {
    url,
    dataDir,
    secrets,
    call,
    admin: async (name, body) => {
      const { status, body: answer } = await call(name, body, { headers: adminHeaders });
      if (status !== 200) throw new Error(`${name}: ${JSON.stringify(answer)}`);
      return answer;
    },
    logLength: () => statSync(log).size,
    /** The access log lines from a length on. */
    logLines: (from) =>
      readFileSync(log)
        .subarray(from)
        .toString()
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line)),
    /** CPU time of all its processes, in milliseconds; `undefined` where the system does not say. */
    cpuMs: () => cpuMs(child.pid),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const adminHeaders = { "x-admin-secret": secrets.ADMIN_SECRET };
export const cores = availableParallelism();

function cpuMs(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return [String(pid), ...children.filter(Boolean)]
      .map((id) => readFileSync(`/proc/${id}/stat`, "utf8").split(") ").at(-1).split(" "))
      .reduce((sum, at) => sum + (Number(at[11]) + Number(at[12])) * (1000 / TICKS_PER_SECOND), 0);
  } catch {
    return undefined;
  }
}
