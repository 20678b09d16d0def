import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Environment,
  launchScript,
  newDataDir,
  type ServerProcess,
  startServer,
} from "../support/server-process.ts";

const demo = async (env: Environment, script = "demo.mjs") => {
  const launched = launchScript(script, env);
  return { code: await launched.exited, ...launched.printed };
};

describe("the demo against a running server", () => {
  let server: ServerProcess;
  let runs: Awaited<ReturnType<typeof demo>>[];
  let sales: typeof runs;

  beforeAll(async () => {
    server = await startServer();
    const env = { LATCHKEY_URL: server.url, DATA_DIR: server.dataDir };
    runs = [await demo(env), await demo(env)];
    sales = [await demo(env, "demo-sale.mjs"), await demo(env, "demo-sale.mjs")];
  });

  test("tells its story to the end, and again on the same data", () => {
    for (const { code, stdout, stderr } of runs) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^A walk through Latchkey at http:\/\/127\.0\.0\.1:\d+:/);
      expect(stdout).toContain("POST /activate");
      expect(stdout).toContain('"code": "MACHINE_LIMIT_REACHED"');
      expect(stdout).toContain('"code": "SEAT_LIMIT_REACHED"');
      expect(stdout.match(/^ {2}ok .*$/gm)).toHaveLength(6);
    }
  });

  test("sells through Stripe, from the signed event to the activated app and the refund", () => {
    for (const { code, stdout, stderr } of sales) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout.match(/^ {2}ok .*$/gm)).toEqual([
        "  ok the sale is done",
        "  ok the key is in the mail",
        "  ok the app may run",
        "  ok the same answer as before",
        "  ok still one license",
        "  ok the license is revoked",
      ]);
      expect(stdout).not.toMatch(/whsec_/);
    }
  });

  test("prints no secret, no API key and no token", () => {
    const secrets = ["ADMIN_SECRET", "LOOKUP_PEPPER", "ENCRYPTION_KEYS"].map((name) =>
      readFileSync(join(server.dataDir, "secrets", name), "utf8").trim(),
    );
    for (const { stdout } of runs) {
      for (const secret of secrets) expect(stdout).not.toContain(secret);
      expect(stdout).toContain('"apiKey": "cgls_');
      expect(stdout).not.toMatch(/cgls_[\w-]{5}/);
      expect(stdout).toContain('"token": "eyJ');
      expect(stdout).not.toMatch(/eyJ[\w-]{20}/);
    }
  });

  test("says so when the server does not know its secret, and does not print it", async () => {
    const { code, stdout, stderr } = await demo({
      LATCHKEY_URL: server.url,
      ADMIN_SECRET: "another-secret",
    });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `\nThe server at ${server.url} has another secret: is its data in another DATA_DIR?\n`,
    );
    expect(stdout).not.toContain("another-secret");
  });
});

describe("the demo without a server says how to start one", () => {
  test("where none was ever started", async () => {
    const { code, stderr } = await demo({ DATA_DIR: newDataDir() });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^\nThere is no admin secret in .*\nStart the server first.*npm start\n/,
    );
  });

  test("where none listens", async () => {
    const server = await startServer();
    await server.stop();
    const { code, stderr } = await demo({ LATCHKEY_URL: server.url, DATA_DIR: server.dataDir });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^\nNo server answers at http:\S+ \(ECONNREFUSED\)\.\nStart one in another terminal: npm start\n/,
    );
  });
});
