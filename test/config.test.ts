import { type Config, readConfig } from "../functions/src/config.ts";

const needed = {
  LOOKUP_PEPPER: "0f".repeat(32),
  ENCRYPTION_KEYS: `1:${"0f".repeat(32)}`,
};
const read = (variables: NodeJS.ProcessEnv = {}) => readConfig({ ...needed, ...variables });

test("what is not set has its documented default", () => {
  expect(read({ HOME: "/home/somebody" })).toEqual({
    STORE: "sqlite",
    DATA_DIR: ".latchkey",
    SQLITE_SYNCHRONOUS: "FULL",
    COUNTRY_HEADERS: [
      "cf-ipcountry",
      "cloudfront-viewer-country",
      "x-appengine-country",
      "x-country-code",
    ],
    ADMIN_SECRET: "",
    WEBHOOK_SECRET: "",
    STRIPE_WEBHOOK_SECRET: "",
    GUMROAD_WEBHOOK_SECRET: "",
    LEMON_SQUEEZY_WEBHOOK_SECRET: "",
    PADDLE_WEBHOOK_SECRET: "",
    POLAR_WEBHOOK_SECRET: "",
    LOOKUP_PEPPER: needed.LOOKUP_PEPPER,
    ENCRYPTION_KEYS: [{ version: "1", key: Buffer.from("0f".repeat(32), "hex") }],
    FLOATING_SESSION_TTL_SECONDS: 900,
    GUMROAD_SELLER_ID: "",
    ACTIVATION_ATTEMPTS_PER_HOUR: 15,
    SEAT_SHARDS_FROM: 0,
    CODEGATE_REQUESTS_PER_MINUTE: 60,
    GECKOGUARD_ADDRESS_PER_MINUTE: 120,
    GECKOGUARD_ANONYMOUS_PER_MINUTE: 60,
    GECKOGUARD_KEY_PER_MINUTE: 600,
    GECKOGUARD_PRODUCT_PER_MINUTE: 1200,
    GECKOGUARD_LICENSE_KEY_PER_MINUTE: 20,
    BOOTSTRAP_ADMIN_TOKEN: "",
    FAILED_REQUESTS_PER_MINUTE: 300,
    FILES: "disk",
    MAIL_FROM: "Latchkey <latchkey@localhost>",
    LOOPBACK_WEBHOOKS: true,
    VERIFY_EMAILS: false,
    SUBSCRIPTIONS_NEED_PAYMENT: false,
    REGISTRATION: "open",
    DASHBOARD_ORIGINS: [],
    AUTH_REQUESTS_PER_MINUTE: 10,
    AUTH_REQUESTS_PER_EMAIL: 5,
    TRUSTED_PROXIES: 0,
  });
});

test.each(["", " "])("a variable that is %j is not set", (blank) => {
  const empty = Object.fromEntries(Object.keys(read()).map((name) => [name, blank]));
  expect(readConfig({ ...empty, ...needed })).toEqual(read());
});

test("the bytes of files are kept on one box's disk, or in a bucket", () => {
  expect(read({ K_SERVICE: "v1" }).FILES).toBe("bucket");
  expect(read({ K_SERVICE: "v1", FUNCTIONS_EMULATOR: "true" }).FILES).toBe("disk");
  expect(read({ FILES_BUCKET: "my-files" }).FILES).toBe("bucket");
});

test("events go to this machine only where it is somebody's own, or told to", () => {
  expect(read({ K_SERVICE: "activate" }).LOOPBACK_WEBHOOKS).toBe(false);
  expect(read({ LOOPBACK_WEBHOOKS: "false" }).LOOPBACK_WEBHOOKS).toBe(false);
  expect(read({ TRUSTED_PROXIES: "1" }).LOOPBACK_WEBHOOKS).toBe(false);
  expect(read({ TRUSTED_PROXIES: "1", LOOPBACK_WEBHOOKS: "true" }).LOOPBACK_WEBHOOKS).toBe(true);
});

test.each<[NodeJS.ProcessEnv, boolean]>([
  [{}, false],
  [{ SMTP_URL: "smtp://localhost" }, true],
  [{ K_SERVICE: "v1" }, true],
  [{ K_SERVICE: "v1", VERIFY_EMAILS: "false" }, false],
  [{ VERIFY_EMAILS: "true" }, true],
])("addresses are verified where mails are sent, or as told: %j is %s", (variables, verifies) => {
  expect(read(variables).VERIFY_EMAILS).toBe(verifies);
});

test.each(["licenses@example.com", "Cloud Tools <licenses@example.com>", "<a@localhost>"])(
  "mails may come from %s",
  (from) => {
    expect(read({ MAIL_FROM: from }).MAIL_FROM).toBe(from);
  },
);

test("what is wrong in two ways is said once, with what would be right", () => {
  expect(() => read({ FLOATING_SESSION_TTL_SECONDS: "99999999999999999999" })).toThrow(
    /^The configuration is not valid\. FLOATING_SESSION_TTL_SECONDS: must be a whole number from 1 to 86400000$/,
  );
});

test("browsers may call from the dashboard, or from where it is said", () => {
  const own = read({ DASHBOARD_URL: "https://dash.example.com/app/" });
  expect([own.DASHBOARD_URL, own.DASHBOARD_ORIGINS]).toEqual([
    "https://dash.example.com/app",
    ["https://dash.example.com"],
  ]);
  const said = read({ DASHBOARD_ORIGINS: "https://a.example.com, http://localhost:3000" });
  expect(said.DASHBOARD_ORIGINS).toEqual(["https://a.example.com", "http://localhost:3000"]);
});

test.each<
  [string, NodeJS.ProcessEnv, Pick<Config, "STORE" | "TRUSTED_PROXIES" | "SEAT_SHARDS_FROM">]
>([
  ["on one box", {}, { STORE: "sqlite", TRUSTED_PROXIES: 0, SEAT_SHARDS_FROM: 0 }],
  [
    "deployed",
    { K_SERVICE: "activate" },
    { STORE: "firestore", TRUSTED_PROXIES: 1, SEAT_SHARDS_FROM: 500 },
  ],
  [
    "in the functions emulator",
    { K_SERVICE: "activate", FUNCTIONS_EMULATOR: "true" },
    { STORE: "sqlite", TRUSTED_PROXIES: 0, SEAT_SHARDS_FROM: 0 },
  ],
  [
    "deployed, but told otherwise",
    { K_SERVICE: "activate", STORE: "sqlite", TRUSTED_PROXIES: "0", SEAT_SHARDS_FROM: "50" },
    { STORE: "sqlite", TRUSTED_PROXIES: 0, SEAT_SHARDS_FROM: 50 },
  ],
  [
    "on one box, but told otherwise",
    { STORE: "firestore", TRUSTED_PROXIES: "2", SEAT_SHARDS_FROM: "0" },
    { STORE: "firestore", TRUSTED_PROXIES: 2, SEAT_SHARDS_FROM: 0 },
  ],
])(
  "the store, the shards and the proxies follow from where it runs: %s",
  (_, variables, expected) => {
    expect(read(variables)).toMatchObject(expected);
  },
);

test.each<[string, string | undefined]>([
  ["STORE", "postgres"],
  ["SQLITE_SYNCHRONOUS", "OFF"],
  ["LOOKUP_PEPPER", undefined],
  ["LOOKUP_PEPPER", "0f".repeat(31)],
  ["LOOKUP_PEPPER", "0g".repeat(32)],
  ["ENCRYPTION_KEYS", undefined],
  ["ENCRYPTION_KEYS", "0f".repeat(32)],
  ["ENCRYPTION_KEYS", `1:${"0f".repeat(32)},1:${"f0".repeat(32)}`],
  ["FLOATING_SESSION_TTL_SECONDS", "15m"],
  ["FLOATING_SESSION_TTL_SECONDS", "0"],
  ["FLOATING_SESSION_TTL_SECONDS", "1.5"],
  ["ACTIVATION_ATTEMPTS_PER_HOUR", "-1"],
  ["SEAT_SHARDS_FROM", "-1"],
  ["FAILED_REQUESTS_PER_MINUTE", "many"],
  ["SMTP_URL", "smtp.example.com"],
  ["SMTP_URL", "smtp://"],
  ["MAIL_FROM", "Cloud Tools"],
  ["MAIL_FROM", "a@example.com\nBcc: b@example.com"],
  ["FILES_BUCKET", "gs://my-files"],
  ["SMTP_URL", "https://user:password-of-the-relay@example.com"],
  ["DASHBOARD_URL", "dashboard.example.com"],
  ["DASHBOARD_ORIGINS", "https://a.example.com/"],
  ["DASHBOARD_ORIGINS", "*"],
  ["VERIFY_EMAILS", "perhaps"],
  ["REGISTRATION", "closed"],
  ["JWT_ACCESS_SECRET", "too short for what it guards"],
  ["TRUSTED_PROXIES", "yes"],
  ["TRUSTED_PROXIES", "11"],
])("a wrong %s is named, and its value is not told: %j", (name, value) => {
  const message = messageOf(() => read({ [name]: value }));
  expect(message).toMatch(new RegExp(`^The configuration is not valid\\. ${name}: `));
  if (value && value.length > 20) expect(message).not.toContain(value.slice(2, 20));
});

test("all that is wrong is told at once", () => {
  const message = messageOf(() => readConfig({ STORE: "x", TRUSTED_PROXIES: "x" }));
  for (const name of ["STORE", "LOOKUP_PEPPER", "ENCRYPTION_KEYS", "TRUSTED_PROXIES"]) {
    expect(message).toContain(`${name}: `);
  }
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

test("a line end that a pipe left on a secret is not part of it", () => {
  const piped = Object.fromEntries(
    Object.entries({ ...needed, ADMIN_SECRET: "s3cret" }).map(([name, secret]) => [
      name,
      `${secret}\n`,
    ]),
  );
  expect(readConfig(piped)).toEqual(read({ ADMIN_SECRET: "s3cret" }));
});
