import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeLicense } from "../support/change-license.ts";
import { proxgateKey } from "../support/proxgate.ts";
import { DAY, HOUR, type Json, MINUTE, openWorld, type World } from "../support/world.ts";

const root = join(__dirname, "../..");
const driver = join(__dirname, "wordpress-driver.php");

type Call = { path: string; status: number; sent: Json };
type Loaded = {
  /** What commands gave that give something. */
  results: unknown[];
  licensed: boolean;
  disabled: boolean;
  status: string;
  calls: Call[];
  /** Type and payload of each action that the hook was told of. */
  unknown: [string, Json][];
  options: Record<string, unknown>;
  /** Unix seconds of each event's next run. */
  cron: Record<string, number>;
  hooks: string[];
};
type Command = { do: string } & Json;
/** Of one page load; `"<path> <n>"` names its nth request to that path. */
type Terms = {
  home?: string;
  url?: string;
  key?: string;
  now?: number;
  example?: boolean;
  administrator?: boolean;
  config?: Json;
  crashBefore?: string;
  loseAnswerOf?: string;
};
type Site = (commands: Command[], terms?: Terms) => Promise<Loaded>;

/** What the example's README says a plugin's key needs. */
const SCOPES = ["licenses:activate", "licenses:validate", "licenses:deactivate", "wordpress:write"];
const CRASHED = 9;
const lostToken = { do: "set", option: "site", field: "token", value: "x".repeat(64) };
const NONCE = "nonce-latchkey_my_plugin";

/** Runs PHP and waits beside it: the server that it calls is in this process. */
function php(input: Json): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((done, failed) => {
    const child = spawn("php", ["-d", "display_errors=stderr", "-d", "log_errors=0", driver]);
    let out = "";
    let err = "";
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.on("error", failed);
    child.on("close", (code) => done({ code, out, err }));
    child.stdin.end(JSON.stringify(input));
  });
}

if (spawnSync("php", ["-v"]).status === 0) describe("the WordPress example", guarantees);
else test.skip("the WordPress example: not run, php is not installed", () => {});

function guarantees(): void {
  let world: World;
  let apiKey: string;
  let directory: string;
  let closing: (() => Promise<unknown>)[];
  beforeEach(async () => {
    world = await openWorld();
    apiKey = await proxgateKey(world, { scopes: SCOPES });
    directory = mkdtempSync(join(tmpdir(), "wordpress-"));
    closing = [];
  });
  afterEach(async () => {
    await world.close();
    for (const close of closing) await close();
    rmSync(directory, { recursive: true });
  });

  /** A WordPress site with the plugin; each call is a page load. */
  const wordpress = (name = "example.com", standing: Terms = {}): Site => {
    const site: Site = async (commands, terms = {}) => {
      const { code, out, err } = await php({
        file: join(directory, `${name}.json`),
        url: world.url,
        key: apiKey,
        home: `https://${name}`,
        now: Math.floor(world.clock.now() / 1000),
        ...standing,
        ...terms,
        commands,
      });
      await world.settled();
      if (terms.crashBefore && code === CRASHED) return { calls: [] } as unknown as Loaded;
      if (code !== 0 || err !== "") throw new Error(`php ended with ${code}: ${err}${out}`);
      return JSON.parse(out) as Loaded;
    };
    return site;
  };
  const active = async (licenseKey: string, name?: string, standing?: Terms) => {
    const site = wordpress(name, standing);
    const loaded = await site([{ do: "plugin-activated" }, { do: "activate", key: licenseKey }]);
    expect(loaded).toMatchObject({ results: [true], licensed: true, status: "VALID" });
    return site;
  };
  const license = (terms: Json = {}) => world.license({ maxMachines: 2, ...terms });
  const used = async (licenseKey: string) => {
    const found = await world.admin("getLicense", { licenseKey });
    return (found["activations"] as Json[]).length;
  };
  const queue = (licenseKey: string, type: string, payload: Json = {}) =>
    world.admin("createPendingAction", { licenseKey, type, payload });
  const waiting = async (licenseKey: string) => {
    const { actions } = await world.admin("listPendingActions", { licenseKey });
    return (actions as Json[]).flatMap(({ type, state }) => (state === "waiting" ? [type] : []));
  };
  const beat: Command[] = [{ do: "heartbeat" }];
  const later = (site: Site, ms: number, commands = beat, terms?: Terms) => {
    world.clock.advance(ms);
    return site(commands, terms);
  };
  const paths = ({ calls }: Loaded) => calls.map(({ path }) => path);

  /** A server that answers everything alike. */
  const answering = async (
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ) => {
    let asked = 0;
    const server = createServer((request, response) => {
      asked++;
      request.resume().on("end", () => answer(request, response));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    closing.push(async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, asked: () => asked };
  };
  const json =
    (status: number, body: unknown, headers: Record<string, string> = {}) =>
    (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
  const NOBODY = "http://127.0.0.1:1";

  test.each([
    "examples/wordpress/class-latchkey-license.php",
    "examples/wordpress/example-plugin.php",
    "test/examples/wordpress-driver.php",
  ])("%s is PHP", (file) => {
    const { status, stderr } = spawnSync("php", ["-l", join(root, file)]);
    expect([status, String(stderr)]).toEqual([0, ""]);
  });

  test("the example plugin activates, works while licensed, and leaves nothing behind", async () => {
    const licenseKey = await license({ productId: "prod_abc123" });
    const site = wordpress("example.com", { example: true });
    const before = await site([{ do: "plugin-activated" }, { do: "page" }]);
    expect([before.status, before.calls]).toEqual(["NONE", []]);
    expect(before.hooks).not.toContain("shortcode_example_plugin");
    expect((await site([{ do: "activate", key: licenseKey }])).results).toEqual([true]);
    const licensed = await site([]);
    expect(licensed.hooks).toContain("shortcode_example_plugin");
    expect(Object.keys(licensed.cron)).toHaveLength(2);
    const paused = await site([{ do: "plugin-deactivated" }]);
    expect([paused.cron, paused.licensed, await used(licenseKey)]).toEqual([[], true, 1]);
    const gone = await site([{ do: "plugin-activated" }, { do: "uninstalled" }]);
    expect(Object.keys(gone.options)).toEqual(["uninstall_plugins"]);
    expect([gone.cron, await used(licenseKey)]).toEqual([[], 0]);
  });

  test("an activation takes the domain's place and registers the site; a deactivation frees it", async () => {
    const licenseKey = await license({ maxMachines: 1 });
    const site = await active(`  ${licenseKey} `, "Shop.Example.com");
    expect(await world.admin("getLicense", { licenseKey })).toMatchObject({
      activations: [{ hostname: "Tom & Ann", fingerprint: "domain:shop.example.com" }],
    });
    expect((await world.admin("listSites", { licenseKey }))["sites"]).toMatchObject([
      { siteName: "Tom & Ann", wpVersion: "6.4", pluginVersion: "1.2.0", status: "active" },
    ]);
    expect((await site([{ do: "activate", key: licenseKey }])).licensed).toBe(true);
    expect(await used(licenseKey)).toBe(1);

    const other = wordpress("other.example.com");
    const full = await other([{ do: "activate", key: licenseKey }]);
    expect(full.results).toEqual([
      {
        code: "latchkey_activation_limit_reached",
        message: expect.stringContaining("as many sites as it is for"),
      },
    ]);
    expect([full.status, full.options]).toEqual(["NONE", {}]);

    const freed = await site([{ do: "deactivate" }]);
    expect([freed.results, freed.status, freed.licensed]).toEqual([[true], "NONE", false]);
    expect((await other([{ do: "activate", key: licenseKey }])).licensed).toBe(true);
    expect(paths(await later(site, DAY, [{ do: "cron" }]))).toEqual([]);
  });

  test("a key of another product takes no place, and is none once the author asks for a product", async () => {
    const [ours, other] = ["prod_ours", "prod_other"];
    const licenseKey = await license({ productId: other });
    const site = wordpress();
    const activate = [{ do: "activate", key: licenseKey }];
    const refused = await site(activate, { config: { product: ours } });
    expect(refused.results).toMatchObject([{ code: "latchkey_wrong_product" }]);
    expect([refused.licensed, paths(refused), await used(licenseKey)]).toEqual([
      false,
      ["licenses/validate"],
      0,
    ]);
    expect((await site(activate, { config: { product: other } })).licensed).toBe(true);
    const checked = await site([{ do: "validate" }], { config: { product: ours } });
    expect([checked.licensed, checked.status]).toEqual([false, "WRONG_PRODUCT"]);
    expect((await site([{ do: "validate" }])).status).toBe("VALID");
  });

  test("a deactivation that the server does not hear is not forgotten", async () => {
    const licenseKey = await license();
    const site = await active(licenseKey);
    const unheard = await site([{ do: "deactivate" }], { url: NOBODY });
    expect(unheard).toMatchObject({ results: [{ code: "latchkey_no_answer" }], licensed: true });
    expect((await site([{ do: "deactivate" }])).results).toEqual([true]);
    expect(await used(licenseKey)).toBe(0);
  });

  test("another key takes the place of the former, which is free then", async () => {
    const former = await license();
    const site = await active(former);
    const next = await license();
    expect((await site([{ do: "activate", key: next }])).results).toEqual([true]);
    expect([await used(former), await used(next)]).toEqual([0, 1]);
  });

  test("WP-Cron validates once a day and reports once an hour", async () => {
    const site = await active(await license());
    const calls: string[] = [];
    for (let hour = 0; hour < 48; hour++) {
      calls.push(...paths(await later(site, HOUR, [{ do: "cron" }])));
    }
    const count = (path: string) => calls.filter((called) => called === path).length;
    expect(count("licenses/validate")).toBe(2);
    expect(count("wordpress/heartbeat")).toBe(48);
    expect(calls).toHaveLength(50);
  });

  test("the license outlives a silent server for the days of grace, and comes back by itself", async () => {
    const site = await active(await license());
    const silent = await later(site, DAY, [{ do: "cron" }], { url: NOBODY });
    expect([silent.licensed, silent.status]).toEqual([true, "GRACE"]);
    const last = await later(site, 6 * DAY, [{ do: "cron" }], { url: NOBODY });
    expect([last.licensed, last.status]).toEqual([true, "GRACE"]);
    const ended = await later(site, 1000, []);
    expect([ended.licensed, ended.status]).toEqual([false, "GRACE_ENDED"]);
    const back = await later(site, HOUR, [{ do: "cron" }]);
    expect([back.licensed, back.status]).toEqual([true, "VALID"]);
  });

  test("a check without an answer is repeated within the hour", async () => {
    const site = await active(await license());
    await later(site, DAY + HOUR, [{ do: "cron" }], { url: NOBODY });
    expect(paths(await later(site, HOUR, [{ do: "cron" }]))).toEqual([
      "licenses/validate",
      "wordpress/heartbeat",
    ]);
  });

  test("an expiry is noticed with the next heartbeat, and so is a renewal", async () => {
    const licenseKey = await license();
    const site = await active(licenseKey);
    await changeLicense(world, licenseKey, { expiresAt: world.clock.now() + MINUTE });
    expect((await later(site, HOUR)).status).toBe("LICENSE_EXPIRED");
    expect(paths(await later(site, HOUR))).toEqual(["wordpress/heartbeat"]);
    await changeLicense(world, licenseKey, { expiresAt: world.clock.now() + DAY });
    expect((await later(site, HOUR)).status).toBe("VALID");
  });

  test("an answer about a former key says nothing about its successor", async () => {
    const [former, next] = [await license(), await license()];
    const site = await active(former);
    const denial = { success: true, valid: false, code: "LICENSE_REVOKED" };
    const { url } = await answering(async (request, response) => {
      expect((await site([{ do: "activate", key: next }])).licensed).toBe(true);
      json(200, denial)(request, response);
    });
    await site([{ do: "validate" }], { url });
    expect((await site([])).status).toBe("VALID");
    expect([await used(former), await used(next)]).toEqual([0, 1]);
  });

  test("an author may set other days of grace", async () => {
    const site = await active(await license(), "example.com", { config: { grace_days: 1 } });
    expect((await later(site, DAY, [])).licensed).toBe(true);
    expect((await later(site, 1000, [])).status).toBe("GRACE_ENDED");
  });

  describe("a definite no ends the license at once, also while the server is silent afterwards", () => {
    test.each<[string, (licenseKey: string) => Promise<unknown>]>([
      ["LICENSE_REVOKED", (licenseKey) => world.admin("revokeLicense", { licenseKey })],
      ["LICENSE_SUSPENDED", (key) => changeLicense(world, key, { status: "suspended" })],
      ["LICENSE_EXPIRED", (key) => changeLicense(world, key, { expiresAt: world.clock.now() - 1 })],
      ["NOT_ACTIVATED", (licenseKey) => world.admin("resetActivations", { licenseKey })],
      ["LICENSE_NOT_FOUND", (licenseKey) => world.admin("rotateLicenseKey", { licenseKey })],
    ])("%s", async (code, end) => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await end(licenseKey);
      const denied = await site([{ do: "validate" }]);
      expect([denied.results, denied.status, denied.licensed]).toEqual([[true], code, false]);
      const silent = await site([{ do: "validate" }], { url: NOBODY });
      expect([silent.results, silent.status, silent.licensed]).toEqual([[false], code, false]);
    });
  });

  test("a license that is good again is so with the next answer", async () => {
    const licenseKey = await license();
    const site = await active(licenseKey);
    await world.admin("revokeLicense", { licenseKey });
    expect((await site([{ do: "validate" }])).licensed).toBe(false);
    await world.admin("reinstateLicense", { licenseKey });
    expect((await site([{ do: "validate" }])).licensed).toBe(true);
  });

  describe("what is no answer about the license leaves it as it is", () => {
    const no = (code: string) => ({ success: false, error: "no", message: "no", code });
    test.each<[string, Parameters<typeof answering>[0]]>([
      ["a cut connection", (request) => request.socket.destroy()],
      ["a page of somebody else", json(200, "<html>Log in to the network</html>")],
      ["another API's answer", json(200, { valid: false })],
      ["200 without a verdict", json(200, { success: true })],
      ["201 with one", json(201, { success: true, valid: false, code: "LICENSE_REVOKED" })],
      ["a redirection", json(302, "", { location: "/elsewhere" })],
      ["a key that ended", json(401, no("UNAUTHORIZED"))],
      ["a key without the scope", json(403, no("INSUFFICIENT_SCOPE"))],
      ["a path that is not there", json(404, no("NOT_FOUND"))],
      ["somebody else's 404", json(404, "not found")],
      ["too many requests", json(429, no("RATE_LIMITED"), { "retry-after": "30" })],
      ["a fault", json(500, no("INTERNAL_ERROR"))],
      ["a fault that denies", json(503, { ...no("LICENSE_REVOKED"), valid: false })],
    ])("%s", async (_, answer) => {
      const site = await active(await license());
      const { url, asked } = await answering(answer);
      const told = await site([{ do: "validate" }], { url });
      expect([told.results, told.licensed, told.status]).toEqual([[false], true, "GRACE"]);
      expect(asked()).toBe(1);
    });
  });

  test.each([
    ["30", 30],
    [new Date(Date.UTC(2026, 10, 20, 9, 2)).toUTCString(), 120],
    ["86400", 3600],
    ["soon", 60],
  ])("429 with Retry-After %s is followed by %d seconds of silence", async (header, seconds) => {
    const site = await active(await license());
    const body = { success: false, code: "RATE_LIMITED" };
    const { url, asked } = await answering(json(429, body, { "retry-after": header }));
    await site([{ do: "validate" }], { url });
    const hasty = await later(site, (seconds - 1) * 1000, [
      { do: "validate" },
      { do: "activate", key: "K" },
    ]);
    expect([asked(), hasty.calls]).toEqual([1, []]);
    expect(hasty.results).toMatchObject([false, { code: "latchkey_rate_limited" }]);
    expect((await later(site, 1000, [{ do: "validate" }])).results).toEqual([true]);
  });

  test("the heartbeat reports the site's health", async () => {
    const licenseKey = await license();
    const site = await active(licenseKey);
    await site(beat);
    const [{ id }] = (await world.admin("listSites", { licenseKey }))["sites"] as [Json];
    expect((await world.admin("getSite", { siteId: id }))["site"]).toMatchObject({
      adminEmail: null,
      healthData: { license: "VALID", locale: "en_US", multisite: false, https: true },
    });
  });

  test.each([
    [7200, [HOUR, 58 * MINUTE], MINUTE],
    [600, [8 * MINUTE], MINUTE],
    [1, [3 * MINUTE], MINUTE],
    [9_999_999, [23 * HOUR, 58 * MINUTE], MINUTE],
  ])(
    "next_heartbeat_in %d is honored, within five minutes and a day",
    async (seconds, early, due) => {
      const site = await active(await license());
      const beating = json(200, { success: true, next_heartbeat_in: seconds });
      const { url } = await answering(beating);
      const first = await site(beat, { url });
      expect(paths(first)).toEqual(["wordpress/heartbeat"]);
      for (const wait of early) expect((await later(site, wait, beat, { url })).calls).toEqual([]);
      expect((await later(site, due, beat, { url })).calls).toHaveLength(1);
    },
  );

  test("a heartbeat that is wanted within the hour has its own event", async () => {
    const site = await active(await license());
    const { url } = await answering(json(200, { success: true, next_heartbeat_in: 600 }));
    await later(site, HOUR, [{ do: "cron" }], { url });
    const next = await later(site, 10 * MINUTE, [{ do: "cron" }], { url });
    expect(paths(next)).toEqual(["wordpress/heartbeat"]);
  });

  describe("actions of the vendor", () => {
    test("each is carried out once, in order, and acknowledged", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "REFRESH_LICENSE");
      await queue(licenseKey, "DISABLE_PLUGIN");
      await queue(licenseKey, "UPDATE_PLUGIN", {
        version: "1.3.0",
        download_url: "https://dl.example.com/my-plugin.zip?a=1&b=2",
      });
      await queue(licenseKey, "SHOW_NOTICE", { level: "warning", text: "Please update." });
      await queue(licenseKey, "CLEAR_CACHE", { all: true });
      await queue(licenseKey, "RE_REGISTER");
      const told = await site(beat);
      expect(paths(told)).toEqual([
        "wordpress/heartbeat",
        "wordpress/pending-actions",
        "licenses/validate",
        "wordpress/pending-actions",
        "wordpress/register",
      ]);
      expect(told).toMatchObject({ disabled: true, licensed: false, status: "VALID" });
      expect(told.unknown).toEqual([["CLEAR_CACHE", { all: true }]]);
      expect(await waiting(licenseKey)).toEqual([]);
      const update = {
        plugin: "my-plugin/my-plugin.php",
        new_version: "1.3.0",
        package: "https://dl.example.com/my-plugin.zip?a=1&b=2",
      };
      const offered = { response: { "my-plugin/my-plugin.php": update }, no_update: [] };
      const [updates, notices] = (await site([{ do: "updates" }, { do: "notices" }])).results;
      expect(updates).toMatchObject({ stored: offered, read: offered, none: false });
      expect(notices).toContain("notice-warning");
      expect(notices).toContain("Please update.");

      await queue(licenseKey, "ENABLE_PLUGIN");
      const next = await later(site, HOUR);
      expect(paths(next)).toHaveLength(3);
      expect([next.disabled, next.licensed, next.unknown]).toEqual([false, true, []]);
      expect(paths(await later(site, HOUR))).toEqual(["wordpress/heartbeat"]);
    });

    test("DEACTIVATE_LICENSE frees the place and ends all calls", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "DEACTIVATE_LICENSE");
      const told = await site(beat);
      expect([told.status, told.licensed, await used(licenseKey)]).toEqual(["NONE", false, 0]);
      expect(await waiting(licenseKey)).toEqual([]);
      expect((await later(site, DAY, [{ do: "cron" }])).calls).toEqual([]);
    });

    test("DEACTIVATE_LICENSE counts at once and is tried again until the place is free", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "DEACTIVATE_LICENSE");
      const unheard = await site(beat, { loseAnswerOf: "licenses/deactivate 1" });
      expect([unheard.status, unheard.licensed]).toEqual(["DEACTIVATED", false]);
      expect(await waiting(licenseKey)).toEqual(["DEACTIVATE_LICENSE"]);
      expect((await later(site, HOUR)).status).toBe("NONE");
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test("a revocation reaches the site with its next heartbeat, and so does its end", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await site(beat);
      world.clock.advance(1000);
      await world.admin("revokeLicense", { licenseKey });
      expect((await later(site, HOUR)).status).toBe("LICENSE_REVOKED");
      await world.admin("reinstateLicense", { licenseKey });
      expect((await later(site, HOUR)).status).toBe("VALID");
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test("REFRESH_LICENSE waits on while the server gives no answer about the license", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "REFRESH_LICENSE");
      await site(beat, { loseAnswerOf: "licenses/validate 1" });
      expect(await waiting(licenseKey)).toEqual(["REFRESH_LICENSE"]);
      await later(site, HOUR);
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test("what a crash interrupts comes again, what was carried out before it does not", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "CLEAR_CACHE");
      await queue(licenseKey, "REFRESH_LICENSE");
      await queue(licenseKey, "DISABLE_PLUGIN");
      await site(beat, { crashBefore: "licenses/validate 1" });
      expect(await waiting(licenseKey)).toHaveLength(3);
      expect((await site([])).disabled).toBe(false);
      const again = await later(site, HOUR);
      expect([again.disabled, again.unknown]).toEqual([true, []]);
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test.each([
      ["a crash before it", { crashBefore: "wordpress/pending-actions 2" }, 1],
      ["an answer that is lost", { loseAnswerOf: "wordpress/pending-actions 2" }, 0],
    ])("an acknowledgement survives %s and nothing is repeated", async (_, terms, left) => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "CLEAR_CACHE");
      await site(beat, terms);
      expect(await waiting(licenseKey)).toHaveLength(left);
      expect((await later(site, HOUR)).unknown).toEqual([]);
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test.each<[string, Json]>([
      ["over http", { version: "9.0.0", download_url: "http://dl.example.com/p.zip" }],
      ["of another scheme", { version: "9.0.0", download_url: "phar://dl.example.com/p.zip" }],
      ["from another host", { version: "9.0.0", download_url: "https://evil.example.com/p.zip" }],
      [
        "with a user's host",
        { version: "9.0.0", download_url: "https://dl.example.com@evil.example.com/p" },
      ],
      ["with markup", { version: "9.0.0", download_url: 'https://dl.example.com/"><script>' }],
      ["that is not newer", { version: "1.2.0", download_url: "https://dl.example.com/p.zip" }],
      ["of no version", { version: "<b>9</b>", download_url: "https://dl.example.com/p.zip" }],
      ["of a list", { version: ["9"], download_url: ["https://dl.example.com/p.zip"] }],
      ["of nothing", {}],
    ])("an update %s is not offered", async (_, payload) => {
      const licenseKey = await license();
      const config = { download_hosts: ["dl.example.com"] };
      const site = await active(licenseKey, "example.com", { config });
      await queue(licenseKey, "UPDATE_PLUGIN", payload);
      const { results } = await site([...beat, { do: "updates" }]);
      expect(results).toMatchObject([{ stored: { response: [] }, read: { response: [] } }]);
      expect(await waiting(licenseKey)).toEqual([]);
    });

    test("an update that was installed is offered no more", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      const download_url = "https://dl.example.com/p.zip";
      await queue(licenseKey, "UPDATE_PLUGIN", { version: "1.3.0", download_url });
      await site(beat);
      const installed = await site([{ do: "updates" }], { config: { version: "1.3.0" } });
      expect(installed.results).toMatchObject([{ read: { response: [] } }]);
    });

    test("notices are escaped, known levels only, and stay until dismissed", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      const level = 'info"><script>alert(1)</script>';
      await queue(licenseKey, "SHOW_NOTICE", { level, text: "<img src=x onerror=alert(2)>" });
      await queue(licenseKey, "SHOW_NOTICE", { level: ["error"], text: ["x"] });
      const [html] = (await site([...beat, { do: "notices" }])).results as [string];
      expect(html).not.toMatch(/<script|<img/);
      expect(html).toContain("&lt;img src=x onerror=alert(2)&gt;");
      expect(html.match(/class="notice [^"]*"/g)).toEqual(['class="notice notice-info"']);
      const [, notice = ""] = /notice=([^&]*)&/.exec(html) ?? [];
      const hidden = await site([{ do: "notices" }], { administrator: false });
      expect(hidden.results).toEqual([""]);
      const forged = { do: "dismiss", notice, nonce: "" };
      expect((await site([forged, { do: "notices" }])).results).toEqual(["died: nonce", html]);
      const dismissed = await site([{ do: "dismiss", notice }, { do: "notices" }]);
      expect(dismissed.results).toEqual(["https://example.com/wp-admin/", ""]);
    });
  });

  describe("the registration", () => {
    test("a site whose token the server does not know registers again and misses nothing", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "DISABLE_PLUGIN");
      const found = await site([lostToken, ...beat]);
      expect(found.calls.map(({ path, status }) => [path, status])).toEqual([
        ["wordpress/heartbeat", 404],
        ["wordpress/register", 200],
        ["wordpress/heartbeat", 200],
        ["wordpress/pending-actions", 200],
        ["wordpress/pending-actions", 200],
      ]);
      expect(found.disabled).toBe(true);
      expect(await used(licenseKey)).toBe(1);
    });

    test("RE_REGISTER survives a crash after its acknowledgement", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await queue(licenseKey, "RE_REGISTER");
      await site(beat, { crashBefore: "wordpress/register 1" });
      expect(await waiting(licenseKey)).toEqual([]);
      const renewed = ["wordpress/register", "wordpress/heartbeat"];
      expect(paths(await later(site, HOUR))).toEqual(renewed);
      expect(paths(await later(site, HOUR))).toEqual(["wordpress/heartbeat"]);
    });

    test("a license that ended meanwhile does not keep the site from registering", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await world.admin("revokeLicense", { licenseKey });
      const told = await site([lostToken, ...beat]);
      expect(told.status).toBe("LICENSE_REVOKED");
      expect(told.calls.map(({ path, status }) => [path, status]).slice(0, 5)).toEqual([
        ["wordpress/heartbeat", 404],
        ["wordpress/register", 403],
        ["licenses/validate", 200],
        ["wordpress/register", 200],
        ["wordpress/heartbeat", 200],
      ]);
    });

    test("a revoked site asks once a day and keeps its license", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      const [{ id }] = (await world.admin("listSites", { licenseKey }))["sites"] as [Json];
      await world.admin("revokeSite", { siteId: id });
      const refused = await site(beat);
      expect(refused.calls.map(({ status }) => status)).toEqual([404, 403]);
      expect(refused.licensed).toBe(true);
      expect((await later(site, 23 * HOUR)).calls).toEqual([]);
      await world.admin("reinstateSite", { siteId: id });
      expect((await later(site, HOUR)).calls.map(({ status }) => status)).toEqual([404, 200, 200]);
    });

    test("a site whose place the vendor freed does not take it back", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      await world.admin("resetActivations", { licenseKey });
      await site([{ do: "validate" }, lostToken, ...beat]);
      expect(await used(licenseKey)).toBe(0);
    });

    test("a copy of the site elsewhere is not licensed and leaves the first its token and its place", async () => {
      const licenseKey = await license();
      const site = await active(licenseKey);
      copyFileSync(
        join(directory, "example.com.json"),
        join(directory, "staging.example.com.json"),
      );
      const copy = wordpress("staging.example.com");
      expect(await copy([])).toMatchObject({ licensed: false, status: "MOVED" });
      expect(paths(await copy(beat))).toEqual(["wordpress/register", "wordpress/heartbeat"]);
      expect(await used(licenseKey)).toBe(1);
      expect(paths(await site(beat))).toEqual(["wordpress/heartbeat"]);
      const other = await license();
      expect((await copy([{ do: "activate", key: other }])).licensed).toBe(true);
      expect([await used(licenseKey), await used(other)]).toEqual([1, 1]);
      copyFileSync(
        join(directory, "example.com.json"),
        join(directory, "staging.example.com.json"),
      );
      const gone = await copy([{ do: "plugin-activated" }, { do: "uninstalled" }]);
      expect(Object.keys(gone.options)).toEqual(["uninstall_plugins"]);
      expect([paths(gone), await used(licenseKey)]).toEqual([[], 1]);
    });

    test("the scheme a page was asked with makes no other site", async () => {
      const site = await active(await license());
      expect(paths(await site(beat, { home: "http://example.com" }))).toEqual([
        "wordpress/heartbeat",
      ]);
    });
  });

  test("a site without a domain sends nothing, as without one all places would be freed", async () => {
    const licenseKey = await license();
    const site = await active(licenseKey);
    const lost = await site(
      [{ do: "validate" }, { do: "activate", key: licenseKey }, { do: "deactivate" }],
      { home: "nonsense" },
    );
    expect(lost.calls.map(({ sent }) => sent["domain"])).toEqual(["example.com"]);
    const domain = { do: "set", option: "license", field: "domain", value: "" };
    await active(licenseKey);
    const blank = await site([domain, { do: "deactivate" }]);
    expect([blank.results, blank.calls]).toMatchObject([[{ code: "latchkey_domain" }], []]);
    const fresh = wordpress("fresh");
    const never = await fresh([{ do: "activate", key: licenseKey }], { home: "nonsense" });
    expect([never.results, never.calls]).toEqual([
      [{ code: "latchkey_domain", message: expect.any(String) }],
      [],
    ]);
  });

  test.each(["http://licenses.example.com", "licenses.example.com", ""])(
    "keys are not sent to %j",
    async (url) => {
      const { results, calls } = await wordpress()([{ do: "activate", key: "K" }], { url });
      expect([results, calls]).toMatchObject([[{ code: "latchkey_not_set_up" }], []]);
    },
  );

  describe("the settings page", () => {
    const hostile = `"><script>alert('x')</script>`;

    test("shows a hostile key, plugin name and server message as text", async () => {
      const site = wordpress();
      const page = { do: "page" };
      const fields = { task: "activate", license_key: hostile };
      const { url } = await answering(
        json(403, { success: false, code: "OTHER", message: `<b onclick=x>${hostile}` }),
      );
      const [to, refused] = (await site([{ do: "form", fields }, page], { url }))
        .results as string[];
      expect(to).toBe("https://example.com/wp-admin/options-general.php?page=my-plugin-license");
      expect(refused).not.toMatch(/<script|<b |<Plugin>/);
      expect(refused).toContain("&lt;b onclick=x&gt;");
      expect(refused).toContain(
        'value="&quot;&gt;&lt;script&gt;alert(&#039;x&#039;)&lt;/script&gt;"',
      );
      const good = await answering(json(200, { success: true, site_token: "t" }));
      const kept = (await site([{ do: "form", fields }, page], { url: good.url }))
        .results as string[];
      expect(kept[1]).toContain("<code>••••ipt&gt;</code>");
      expect(kept[1]).not.toContain("alert");
    });

    test("activates, checks and deactivates for an administrator with the form's nonce", async () => {
      const licenseKey = await license();
      const site = wordpress();
      const form = (task: string, more: Json = {}) => ({
        do: "form",
        fields: { task, license_key: licenseKey },
        ...more,
      });
      const forged = await site([form("activate", { nonce: "" })]);
      expect([forged.results, forged.calls]).toEqual([["died: nonce"], []]);
      const visitor = await site([form("activate", { nonce: NONCE }), { do: "page" }], {
        administrator: false,
      });
      expect([visitor.results, visitor.calls]).toEqual([["died: You may not do this.", ""], []]);
      const [, page] = (await site([form("activate"), { do: "page" }])).results as string[];
      expect(page).toContain("The license is active on this site.");
      expect(page).toContain(`<code>••••${licenseKey.slice(-4)}</code>`);
      expect(page).not.toContain(licenseKey);
      await world.admin("revokeLicense", { licenseKey });
      const [, revoked] = (await site([form("check"), { do: "page" }])).results as string[];
      expect(revoked).toContain("The license has been revoked.");
      expect((await site([form("deactivate")])).status).toBe("NONE");
      expect(await used(licenseKey)).toBe(0);
    });
  });
}
