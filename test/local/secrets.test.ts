import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../functions/src/config.ts";
import { localSecrets } from "../../functions/src/local/secrets.ts";

const HEX = /^[0-9a-f]{64}$/;
const FORMS: Readonly<Record<string, RegExp>> = {
  ADMIN_SECRET: HEX,
  WEBHOOK_SECRET: HEX,
  STRIPE_WEBHOOK_SECRET: /^whsec_[0-9a-f]{64}$/,
  GUMROAD_WEBHOOK_SECRET: HEX,
  LEMON_SQUEEZY_WEBHOOK_SECRET: /^[0-9a-f]{40}$/,
  PADDLE_WEBHOOK_SECRET: /^pdl_ntfset_[0-9a-f]{64}$/,
  POLAR_WEBHOOK_SECRET: /^whsec_[A-Za-z0-9+/]{43}=$/,
  LOOKUP_PEPPER: HEX,
  ENCRYPTION_KEYS: /^1:[0-9a-f]{64}$/,
};
const NAMES = Object.keys(FORMS);

let dataDir: string;
let directory: string;
beforeEach(() => {
  dataDir = join(fs.mkdtempSync(join(tmpdir(), "latchkey-secrets-")), "data");
  directory = join(dataDir, "secrets");
});
afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(join(dataDir, ".."), { recursive: true });
});

const modeOf = (path: string) => fs.statSync(path).mode & 0o777;
const put = (name: string, text: string) => {
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(join(directory, name), text);
};

test("the first start makes secrets that are each their own and make a valid configuration", () => {
  const secrets = localSecrets(dataDir, {});
  expect(Object.keys(secrets)).toEqual(NAMES);
  for (const name of NAMES) expect(secrets[name]).toMatch(FORMS[name] ?? /^$/);
  expect(new Set(Object.values(secrets).map((text) => text.slice(-40))).size).toBe(NAMES.length);
  expect(() => readConfig(secrets)).not.toThrow();
});

test("only their owner reads them", () => {
  localSecrets(dataDir, {});
  expect(modeOf(directory)).toBe(0o700);
  expect(fs.readdirSync(directory).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) expect(modeOf(join(directory, name))).toBe(0o600);
});

test("later starts have the same, and write nothing", () => {
  const secrets = localSecrets(dataDir, {});
  const open = jest.spyOn(fs, "openSync");
  expect(localSecrets(dataDir, {})).toEqual(secrets);
  expect(open).not.toHaveBeenCalled();
});

test("one that is missing is made, those that are there stay", () => {
  put("LOOKUP_PEPPER", `  ${"ab".repeat(32)}\n`);
  expect(localSecrets(dataDir, {})).toMatchObject({
    LOOKUP_PEPPER: "ab".repeat(32),
    ADMIN_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test("the environment wins and is not stored; a blank variable is none", () => {
  put("LOOKUP_PEPPER", "ab".repeat(32));
  const given = { ADMIN_SECRET: "mine", LOOKUP_PEPPER: "cd".repeat(32), ENCRYPTION_KEYS: " " };
  expect(localSecrets(dataDir, given)).toMatchObject({
    ADMIN_SECRET: "mine",
    LOOKUP_PEPPER: "cd".repeat(32),
    ENCRYPTION_KEYS: expect.stringMatching(/^1:/),
  });
  expect(fs.existsSync(join(directory, "ADMIN_SECRET"))).toBe(false);
  expect(localSecrets(dataDir, {})["LOOKUP_PEPPER"]).toBe("ab".repeat(32));
});

test("of two processes that start at once one makes the secrets and both use them", () => {
  const link = fs.linkSync;
  let theirs: Record<string, string> = {};
  jest.spyOn(fs, "linkSync").mockImplementationOnce((draft, path) => {
    // The other process, from its start to its end, between our look and our link.
    theirs = localSecrets(dataDir, {});
    link(draft, path);
  });
  expect(localSecrets(dataDir, {})).toEqual(theirs);
  expect(Object.keys(theirs)).toEqual(NAMES);
  expect(fs.readdirSync(directory).sort()).toEqual([...NAMES].sort());
});

test("a secret that cannot be read stops the start instead of being made anew", () => {
  fs.mkdirSync(join(directory, "LOOKUP_PEPPER"), { recursive: true });
  expect(() => localSecrets(dataDir, {})).toThrow(/EISDIR/);
});

test.each(["LOOKUP_PEPPER", "ENCRYPTION_KEYS"])(
  "%s is not made anew beside a database, which would be lost to it",
  (name) => {
    const secrets = localSecrets(dataDir, {});
    fs.writeFileSync(join(dataDir, "latchkey.sqlite"), "");
    fs.rmSync(join(directory, name));
    expect(() => localSecrets(dataDir, {})).toThrow(`${name} is missing`);
    expect(fs.existsSync(join(directory, name))).toBe(false);
    expect(localSecrets(dataDir, { [name]: secrets[name] })).toEqual(secrets);
  },
);

test("a secret that may change is made anew beside a database", () => {
  const { ADMIN_SECRET: old } = localSecrets(dataDir, {});
  fs.writeFileSync(join(dataDir, "latchkey.sqlite"), "");
  fs.rmSync(join(directory, "ADMIN_SECRET"));
  expect(localSecrets(dataDir, {})["ADMIN_SECRET"]).toMatch(HEX);
  expect(localSecrets(dataDir, {})["ADMIN_SECRET"]).not.toBe(old);
});
