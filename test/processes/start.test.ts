import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { collections } from "../../functions/src/store/collections.ts";
import {
  type Environment,
  launch,
  launchServer,
  newDataDir,
  startServer,
} from "../support/server-process.ts";
import { send } from "../support/world.ts";

const READY = /^latchkey listening on (http:\/\/127\.0\.0\.1:\d+)$/gm;

test("npm start serves when it says so, once, and Ctrl-C ends all of it", async () => {
  const env = { PORT: "0", DATA_DIR: newDataDir() };
  const npm = launch({ command: "npm", args: ["start"], env, group: true });
  const [, url = ""] = await npm.prints(new RegExp(READY.source, "m"));
  expect(await send(url, "health", undefined, { method: "GET" })).toMatchObject({
    status: 200,
    body: { ok: true },
  });
  npm.signal("SIGINT");
  // Resolves when nobody holds its output any more.
  await npm.exited;
  await expect(send(url, "health", undefined, { method: "GET" })).rejects.toThrow("fetch failed");
  expect(npm.printed.stdout.match(READY)).toHaveLength(1);
});

test("a SIGTERM that reaches npm alone ends the server too", async () => {
  const env = { PORT: "0", DATA_DIR: newDataDir() };
  const npm = launch({ command: "npm", args: ["start"], env });
  const [, url = ""] = await npm.prints(new RegExp(READY.source, "m"));
  npm.signal("SIGTERM");
  await npm.exited;
  await expect(send(url, "health", undefined, { method: "GET" })).rejects.toThrow("fetch failed");
});

describe("a server that runs", () => {
  test("prints its address and nothing else, on a port that PORT=0 found", async () => {
    const [one, other] = await Promise.all([startServer(), startServer()]);
    expect(one.printed).toEqual({ stdout: `latchkey listening on ${one.url}\n`, stderr: "" });
    expect(other.url).not.toBe(one.url);
  });

  test("answers an unknown path with 404 and JSON", async () => {
    const server = await startServer();
    expect(await server.call("nothing/here", {})).toMatchObject({
      status: 404,
      body: {
        success: false,
        error: 'There is no function at "/nothing/here".',
        code: "NOT_FOUND",
      },
    });
  });

  test("keeps its secrets for its own user, and the same over restarts", async () => {
    const server = await startServer();
    const secrets = join(server.dataDir, "secrets");
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(secrets)).toBe("700");
    const files = readdirSync(secrets);
    expect(files).toEqual(expect.arrayContaining(["ADMIN_SECRET", "LOOKUP_PEPPER"]));
    expect(files.map((file) => mode(join(secrets, file)))).toEqual(files.map(() => "600"));
    await server.stop();
    const again = await startServer({ dataDir: server.dataDir });
    expect(again.adminSecret).toBe(server.adminSecret);
    expect(readdirSync(secrets)).toEqual(files);
  });

  test("what it writes is for its own user, also in a directory that others may look into", async () => {
    const dataDir = newDataDir();
    chmodSync(dataDir, 0o755);
    const server = await startServer({ dataDir });
    await server.admin("createProduct", { name: "x" });
    const written = readdirSync(dataDir, { recursive: true }).map(String);
    expect(written).toEqual(expect.arrayContaining(["latchkey.sqlite", "latchkey.sqlite-wal"]));
    const open = written.filter((file) => statSync(join(dataDir, file)).mode & 0o077);
    expect(open).toEqual([]);
  });

  test("deletes what expired days ago", async () => {
    const { dataDir, stop } = await startServer();
    await stop();
    const database = new DatabaseSync(join(dataDir, "latchkey.sqlite"), { timeout: 5_000 });
    const { name } = collections.find(({ ttlField }) => ttlField !== undefined) ?? { name: "" };
    const record = JSON.stringify({ expireAt: Date.now() - 3 * 86_400_000 });
    database.prepare(`INSERT INTO "${name}" (id, json) VALUES ('old', ?)`).run(record);
    await startServer({ dataDir });
    const find = database.prepare(`SELECT id FROM "${name}" WHERE id = 'old'`);
    while (find.get()) await new Promise(setImmediate);
    database.close();
  });

  test("takes a blank variable for one that is not set", async () => {
    const server = await startServer({ env: { ADMIN_SECRET: " ", WORKERS: " ", HOST: " " } });
    await server.admin("createProduct", { name: "Tools" });
    expect(new URL(server.url).hostname).toBe("127.0.0.1");
  });

  test("takes the admin secret it is given, and does not store it", async () => {
    const env = { ADMIN_SECRET: "given" };
    const dataDir = newDataDir();
    const server = launchServer({ DATA_DIR: dataDir, ...env });
    const [, url = ""] = await server.prints(new RegExp(READY.source, "m"));
    const headers = { "x-admin-secret": "given" };
    expect((await send(url, "createProduct", { name: "Tools" }, { headers })).status).toBe(200);
    expect(existsSync(join(dataDir, "secrets", "ADMIN_SECRET"))).toBe(false);
  });
});

describe("a server that cannot start says why in one line and exits with 1", () => {
  const refusal = async (env: Environment) => {
    const server = launchServer({ DATA_DIR: newDataDir(), ...env });
    const code = await server.exited;
    expect(server.printed.stdout).toBe("");
    return { code, stderr: server.printed.stderr };
  };

  test.each([
    [{ PORT: "http" }, 'PORT must be a number from 0 to 65535, not "http".'],
    [{ PORT: "65536" }, 'PORT must be a number from 0 to 65535, not "65536".'],
    [{ STORE: "mysql" }, /STORE: .*"sqlite"\|"firestore"/],
    [{ FLOATING_SESSION_TTL_SECONDS: "soon" }, /FLOATING_SESSION_TTL_SECONDS: .*number/],
    [{ LOOKUP_PEPPER: "pepper" }, /LOOKUP_PEPPER: must be 64 hex digits/],
    [{ ENCRYPTION_KEYS: "1:short" }, /ENCRYPTION_KEYS: .*version:64 hex digits/],
  ])("%j", async (env, reason) => {
    const { code, stderr } = await refusal(env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^latchkey cannot start: .*\n$/);
    expect(stderr).toMatch(reason);
  });

  test("a port that is in use", async () => {
    const { port } = new URL((await startServer()).url);
    expect(await refusal({ PORT: port })).toEqual({
      code: 1,
      stderr: `latchkey cannot start: port ${port} on 127.0.0.1 is in use. Set PORT to another, or to 0 for a free one.\n`,
    });
  });

  test("secrets other than those of its database", async () => {
    const server = await startServer();
    await server.stop();
    const env = { DATA_DIR: server.dataDir, WORKERS: "2" };
    const { code, stderr } = await refusal({ ...env, LOOKUP_PEPPER: "ab".repeat(32) });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^latchkey cannot start: LOOKUP_PEPPER is not what the database .*\n$/);
    rmSync(join(server.dataDir, "secrets", "ENCRYPTION_KEYS"));
    expect((await refusal(env)).stderr).toMatch(/ENCRYPTION_KEYS is missing.*\n$/);
  });

  test("a HOST that is not this machine's", async () => {
    const { code, stderr } = await refusal({ HOST: "192.0.2.1" });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^latchkey cannot start: HOST 192\.0\.2\.1 and PORT 0 cannot be listened on: .*\n$/,
    );
  });

  test("a DATA_DIR that is a file", async () => {
    const file = join(newDataDir(), "file");
    writeFileSync(file, "");
    const { code, stderr } = await refusal({ DATA_DIR: file });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^latchkey cannot start: .*mkdir.*DATA_DIR must be.*\n$/);
  });
});

describe("a Node that is too old is told which one is needed", () => {
  const told = (version: string) =>
    `Latchkey needs Node 22.13 or later; this is v${version}. ` +
    "`npm ci` installs a Node of its own: start with `npm start`.\n";

  test.each(["20.19.0", "22.12.0"])("%s, by its own account", async (version) => {
    const pretend = `for (const [name, value] of [["versions", { node: "${version}" }], ["version", "v${version}"]])
      Object.defineProperty(process, name, { value });`;
    const imported = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const args = ["--import", imported, "scripts/start.mjs"];
    const node = launch({ command: process.execPath, args });
    expect(await node.exited).toBe(1);
    expect(node.printed).toEqual({ stdout: "", stderr: told(version) });
  });

  const old = olderNode();
  if (!old) test.skip("a real one: not run, no Node before 22.13 is in PATH", () => {});
  else {
    test(`a real one, ${old.version}`, async () => {
      const node = launch({ command: old.path, args: ["scripts/start.mjs"] });
      expect(await node.exited).toBe(1);
      expect(node.printed).toEqual({ stdout: "", stderr: told(old.version) });
    });
  }
});

function olderNode(): { path: string; version: string } | undefined {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, "node");
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1);
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < 22 || (major === 22 && minor < 13)) return { path, version };
  }
  return undefined;
}
