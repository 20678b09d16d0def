// Does what a deploy uploads list every function, and does it serve?
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundle } from "./build.mjs";
import { stage } from "./stage.mjs";

const TIMEOUT_MS = 60_000;
const SECRETS = ["LOOKUP_PEPPER", "ENCRYPTION_KEYS"];
/** What each webhook alone is given besides. */
const WEBHOOK_SECRETS = new Map([
  ["webhook", "WEBHOOK_SECRET"],
  ["cgloungeWebhook", "WEBHOOK_SECRET"],
  ["stripeWebhook", "STRIPE_WEBHOOK_SECRET"],
  ["gumroadWebhook", "GUMROAD_WEBHOOK_SECRET"],
  ["lemonSqueezyWebhook", "LEMON_SQUEEZY_WEBHOOK_SECRET"],
  ["paddleWebhook", "PADDLE_WEBHOOK_SECRET"],
  ["polarWebhook", "POLAR_WEBHOOK_SECRET"],
]);
/** What functions with many paths are given for one of them. */
const ROUTER_SECRETS = new Map([["v1", ["POLAR_WEBHOOK_SECRET"]]]);

const temporary = mkdtempSync(join(tmpdir(), "latchkey-smoke-"));
const staged = join(temporary, "functions");
const dataDir = join(temporary, "data");
const mails = join(dataDir, "mail");
/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

const timer = setTimeout(() => fail(new Error("it took too long")), TIMEOUT_MS);
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(temporary, { recursive: true, force: true });
});

try {
  await bundle();
  stage(staged);
  const listed = await discover();
  console.log(`smoke: ${checkDiscovered(listed)} functions are listed and bound`);
  await checkServes();
  console.log("smoke: the built server verifies, activates and sells, and stops when told");
  await checkLoadsFirestore();
  console.log("smoke: the Firestore engine loads with the declared packages alone");
} catch (error) {
  fail(error);
}
clearTimeout(timer);

/**
 * What the Firebase CLI learns of the functions before it deploys them.
 *
 * @typedef {{ httpsTrigger?: { invoker?: string[] }, scheduleTrigger?: { schedule: string }, eventTrigger?: object,
 *   secretEnvironmentVariables?: { key: string }[] }} DeployedFunction
 * @returns {Promise<Record<string, DeployedFunction>>}
 */
async function discover() {
  const manifest = join(temporary, "functions.yaml");
  const { child, output } = start(
    join(staged, "node_modules/firebase-functions/lib/bin/firebase-functions.js"),
    {
      FUNCTIONS_CONTROL_API: "true",
      FUNCTIONS_MANIFEST_OUTPUT_PATH: manifest,
      GCLOUD_PROJECT: "demo-latchkey",
    },
  );
  assert.equal(await ended(child), 0, `discovery failed:\n${output()}`);
  return JSON.parse(readFileSync(manifest, "utf8")).endpoints;
}

/** @param {Record<string, DeployedFunction>} listed */
function checkDiscovered(listed) {
  const source = new URL("../functions/src/index.ts", import.meta.url);
  const exported = [...readFileSync(source, "utf8").matchAll(/^export \{([^}]+)\}/gm)]
    .flatMap(([, names = ""]) => names.split(","))
    .map((name) => name.split(" as ").at(-1)?.trim());
  assert.deepEqual(Object.keys(listed).sort(), exported.sort(), "the listed functions differ");

  const loaded = createRequire(join(staged, "package.json"))("./lib/index.cjs");
  for (const [name, { httpsTrigger, scheduleTrigger, eventTrigger, ...deployed }] of Object.entries(
    listed,
  )) {
    const bound = deployed.secretEnvironmentVariables?.map(({ key }) => key) ?? [];
    const { spec } = loaded[name];
    const own = WEBHOOK_SECRETS.get(name);
    assert.equal(spec?.access === "webhook", own !== undefined, `${name}: is it a webhook?`);
    const guarded = spec && spec.access !== "public";
    const routed = ROUTER_SECRETS.get(name) ?? [];
    const needed = [...SECRETS, ...(guarded ? [own ?? "ADMIN_SECRET"] : []), ...routed];
    assert.deepEqual(bound.toSorted(), needed.toSorted(), `${name}: its secrets`);
    if (!scheduleTrigger && !eventTrigger)
      assert.deepEqual(httpsTrigger?.invoker, ["public"], `${name}: invoker`);
  }
  return exported.length;
}

async function checkServes() {
  const { call, stop } = await serve({ BOOTSTRAP_ADMIN_TOKEN: "smoke-token" });
  const adminSecret = secret("ADMIN_SECRET");
  const { productId } = await call(200, "createProduct", { adminSecret, name: "Smoke" });
  const { licenseKey } = await call(200, "createLicense", {
    adminSecret,
    productId,
    email: "buyer@example.com",
  });
  const machine = { machineFingerprint: "0".repeat(64), hostname: "smoke" };
  assert.equal((await call(200, "verify", { licenseKey, productId })).valid, true);
  assert.ok((await call(200, "activate", { licenseKey, productId, ...machine })).token);
  await checkSells(call, { adminSecret, productId });
  // A path below a function, answered in the words of its dialect.
  const unsigned = await call(401, "api/v1/projects/0/codes/verify", {});
  assert.equal(unsigned.detail, "Invalid API credentials");
  const token = { "X-Admin-Token": "smoke-token" };
  const made = await call(201, "v1/products", { name: "Smoke" }, token);
  const ask = { productId: made.data.product.id, name: "bot" };
  assert.match((await call(201, "v1/api-keys", ask, token)).data.key, /^gg_[0-9a-f]{64}$/);
  await stop();
}

/**
 * The package that believes Stripe, and the one that writes mails, are no part of the bundle.
 *
 * @param {Awaited<ReturnType<typeof serve>>["call"]} call
 * @param {{ adminSecret: string, productId: string }} product
 */
async function checkSells(call, { adminSecret, productId }) {
  const object = {
    id: "cs_smoke",
    mode: "payment",
    payment_status: "paid",
    customer_details: { email: "buyer@example.com" },
    metadata: { productId },
  };
  const sale = { id: "evt_smoke", type: "checkout.session.completed", data: { object } };
  const { webhooks } = createRequire(join(staged, "package.json"))("stripe");
  const signature = webhooks.generateTestHeaderString({
    payload: JSON.stringify(sale),
    secret: secret("STRIPE_WEBHOOK_SECRET"),
  });
  const sold = await call(200, "stripeWebhook", sale, { "Stripe-Signature": signature });
  assert.equal(sold.status, "done", JSON.stringify(sold));
  const { licenses } = await call(200, "listLicenses", { adminSecret, productId });
  assert.equal(licenses.length, 2, "the sale made no license");
  while (!existsSync(mails) || !readdirSync(mails).some((name) => name.endsWith(".eml"))) {
    await pause(50);
  }
}

/** The client is built without a database; a request that names no key asks none. */
async function checkLoadsFirestore() {
  const { call, stop } = await serve({
    STORE: "firestore",
    GCLOUD_PROJECT: "demo-latchkey",
    METADATA_SERVER_DETECTION: "none",
  });
  await call(400, "verify", {});
  await stop();
}

/** @param {string} name */
function secret(name) {
  return readFileSync(join(dataDir, "secrets", name), "utf8").trim();
}

/** @param {Record<string, string>} env */
async function serve(env) {
  const { child, output } = start(join(staged, "lib/local.cjs"), {
    PORT: "0",
    DATA_DIR: dataDir,
    ...env,
  });
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", () => {
      const ready = /^latchkey listening on (http:\/\/\S+)$/m.exec(output());
      if (ready) resolve(ready[1]);
    });
    child.once("close", () => reject(new Error(`the server did not start:\n${output()}`)));
  });
  return {
    call: async (
      /** @type {number} */ status,
      /** @type {string} */ name,
      /** @type {object} */ fields,
      /** @type {Record<string, string>} */ headers = {},
    ) => {
      const response = await fetch(`${url}/${name}`, {
        method: "POST",
        body: JSON.stringify(fields),
        headers: { "Content-Type": "application/json", ...headers },
      });
      const answer = await response.text();
      assert.equal(response.status, status, `${name}: ${answer}\n${output()}`);
      return JSON.parse(answer);
    },
    stop: async () => {
      child.kill("SIGTERM");
      assert.equal(await ended(child), 0, `the server did not stop well:\n${output()}`);
    },
  };
}

/**
 * @param {string} script
 * @param {Record<string, string>} env
 */
function start(script, env) {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    cwd: staged,
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  return { child, output: () => text };
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number | null>}
 */
function ended(child) {
  return new Promise((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  console.error(`smoke: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
