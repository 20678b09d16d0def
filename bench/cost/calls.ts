import { codegateKey, sendRaw, signedCall } from "../../test/support/codegate.ts";
import { geckoKey } from "../../test/support/geckoguard.ts";
import { sendAuthorize } from "../../test/support/geckoguard-signed.ts";
import { ask as proxgate, proxgateKey } from "../../test/support/proxgate.ts";
import { type Json, machine, type World } from "../../test/support/world.ts";

export type Least = {
  readonly reads: number;
  readonly writes: number;
  readonly deletes?: number;
  readonly why: string;
};

/** A call whose price is told. */
export type Call = {
  /** The function's deployed name, or the dialect's route. */
  readonly name: string;
  readonly what?: string;
  /** What a service could do with that keeps the same promises and nothing else: no events, no audit. */
  readonly least: Least;
  /** Makes what the call needs, and returns the call alone. */
  readonly prepare: (world: World) => Promise<() => Promise<unknown>>;
};

const PRODUCT = "prod_tools";
const PAGE = 100;
/** So many requests of a minute come before an instance has leased the next ten. */
const LEASED_BY = 3;

const ok = async (reply: Promise<{ status: number; body: Json }>): Promise<Json> => {
  const { status, body } = await reply;
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};

const client =
  (name: string, body: (world: World) => Promise<Json>) =>
  async (world: World): Promise<() => Promise<unknown>> => {
    const sent = await body(world);
    return () => ok(world.call(name, sent));
  };

const admin =
  (name: string, body: (world: World) => Promise<Json>) =>
  async (world: World): Promise<() => Promise<unknown>> => {
    const sent = await body(world);
    return () => world.admin(name, sent);
  };

const fresh =
  (terms: Json = {}) =>
  (world: World) =>
    world.license({ maxMachines: 50, ...terms });

async function activated(world: World, terms: Json = {}) {
  const licenseKey = await fresh(terms)(world);
  const { token } = await ok(world.call("activate", machine(licenseKey, "a")));
  return { licenseKey, machineFingerprint: "fp-a", token };
}

const floating = { licenseType: "floating", maxConcurrent: 50 };

async function licensed(world: World, count: number): Promise<void> {
  await fresh()(world);
  for (let n = 0; n < count; n++) {
    await world.admin("createLicense", { productId: PRODUCT, email: `list-${n % 3}@example.com` });
  }
}

const sale = (purchaseId: string) => ({
  type: "purchase.completed",
  email: `${purchaseId}@example.com`,
  productId: PRODUCT,
  purchaseId,
});
const paid = { headers: { "x-webhook-secret": "test-native-secret" } };

const trial = async (world: World) => {
  await fresh()(world);
  await world.admin("createTrialCode", { code: "SPRING", productId: PRODUCT, trialDays: 14 });
};

const codes = async (world: World, count: number) => {
  await fresh()(world);
  const made = await world.admin("createCodes", { productId: PRODUCT, count });
  return made["codes"] as string[];
};

const licenseRead = "the license, by its key";
const machineToo = "the license and its machine";
const ofMany = `the ${PAGE} on the page`;

export const calls: readonly Call[] = [
  {
    name: "verify",
    least: { reads: 1, writes: 0, why: licenseRead },
    prepare: client("verify", async (world) => ({
      licenseKey: await fresh()(world),
      productId: PRODUCT,
    })),
  },
  {
    name: "validate",
    least: { reads: 2, writes: 1, why: `${machineToo}; the machine was seen` },
    prepare: client("validate", (world) => activated(world)),
  },
  {
    name: "heartbeat",
    least: { reads: 2, writes: 1, why: `${machineToo}; the seat lives on` },
    prepare: client("heartbeat", (world) => activated(world, floating)),
  },
  {
    name: "activate",
    what: "a known machine",
    least: { reads: 2, writes: 1, why: `${machineToo}; the machine was seen` },
    prepare: client("activate", async (world) => machine((await activated(world)).licenseKey, "a")),
  },
  {
    name: "activate",
    what: "a new machine",
    least: { reads: 2, writes: 2, why: `${machineToo}; the machine and the count` },
    prepare: client("activate", async (world) => machine(await fresh()(world), "new")),
  },
  {
    name: "activate",
    what: "a floating seat",
    least: { reads: 2, writes: 2, why: `${machineToo}; the seat and the count` },
    prepare: client("activate", async (world) => machine(await fresh(floating)(world), "new")),
  },
  {
    name: "deactivate",
    least: {
      reads: 2,
      writes: 1,
      deletes: 1,
      why: `${machineToo}; the count, and the machine goes`,
    },
    prepare: client("deactivate", (world) => activated(world)),
  },
  {
    name: "createLicense",
    least: { reads: 1, writes: 1, why: "the product, for its terms; the license" },
    prepare: admin("createLicense", async (world) => {
      await fresh()(world);
      return { email: "a@example.com", productId: PRODUCT };
    }),
  },
  {
    name: "getLicense",
    least: { reads: 2, writes: 0, why: "the license and its one machine" },
    prepare: admin("getLicense", async (world) => ({
      licenseKey: (await activated(world)).licenseKey,
    })),
  },
  {
    name: "updateLicense",
    least: { reads: 1, writes: 1, why: "the license" },
    prepare: admin("updateLicense", async (world) => ({
      licenseKey: await fresh()(world),
      maxMachines: 7,
    })),
  },
  {
    name: "revokeLicense",
    least: { reads: 1, writes: 1, why: "the license" },
    prepare: admin("revokeLicense", async (world) => ({ licenseKey: await fresh()(world) })),
  },
  {
    name: "rotateLicenseKey",
    least: { reads: 1, writes: 1, deletes: 1, why: "the license, from its old key to its new one" },
    prepare: admin("rotateLicenseKey", async (world) => ({ licenseKey: await fresh()(world) })),
  },
  {
    name: "resetActivations",
    what: "one machine",
    least: {
      reads: 2,
      writes: 1,
      deletes: 1,
      why: `${machineToo}; the count, and the machine goes`,
    },
    prepare: admin("resetActivations", async (world) => ({
      licenseKey: (await activated(world)).licenseKey,
    })),
  },
  {
    name: "listLicenses",
    what: `a page of ${PAGE}`,
    least: { reads: PAGE, writes: 0, why: ofMany },
    prepare: admin("listLicenses", async (world) => {
      await licensed(world, PAGE);
      return { limit: PAGE };
    }),
  },
  {
    name: "webhook",
    what: "a sale",
    least: {
      reads: 2,
      writes: 3,
      why: "the event's id and the product; both it and the license, and the mail",
    },
    prepare: async (world) => {
      await fresh()(world);
      return () => ok(world.call("webhook", sale("pur_1"), paid));
    },
  },
  {
    name: "webhook",
    what: "a sale again",
    least: { reads: 1, writes: 0, why: "the event's id" },
    prepare: async (world) => {
      await fresh()(world);
      await ok(world.call("webhook", sale("pur_1"), paid));
      return () => ok(world.call("webhook", sale("pur_1"), paid));
    },
  },
  {
    name: "redeemTrialCode",
    least: {
      reads: 3,
      writes: 4,
      why: "the code, its use by this address, the product; the code, the use, the license, the mail",
    },
    prepare: admin("redeemTrialCode", async (world) => {
      await trial(world);
      const use = { code: "SPRING" };
      await world.admin("redeemTrialCode", { ...use, email: "first@example.com" });
      return { ...use, email: "new@example.com" };
    }),
  },
  {
    name: "createCodes",
    what: "100 codes",
    least: { reads: 1, writes: 100, why: "the product; the codes" },
    prepare: admin("createCodes", async (world) => {
      await fresh()(world);
      return { productId: PRODUCT, count: 100 };
    }),
  },
  {
    name: "listCodes",
    what: `a page of ${PAGE}`,
    least: { reads: PAGE, writes: 0, why: ofMany },
    prepare: admin("listCodes", async (world) => {
      await codes(world, PAGE);
      return { productId: PRODUCT, limit: PAGE };
    }),
  },
  {
    name: "createProduct",
    least: { reads: 1, writes: 2, why: "whether the id is taken; the product and its id" },
    prepare: async (world) => () => world.admin("createProduct", { name: "New", productId: "new" }),
  },
  {
    name: "listProducts",
    what: "one product",
    least: { reads: 1, writes: 0, why: "the product" },
    prepare: admin("listProducts", async (world) => {
      await fresh()(world);
      return {};
    }),
  },
  {
    name: "getStats",
    what: "30 days",
    least: { reads: 30, writes: 0, why: "a document a day" },
    prepare: admin("getStats", async (world) => {
      await fresh()(world);
      return { productId: PRODUCT, days: 30 };
    }),
  },
  {
    name: "listAuditLog",
    what: `a page of ${PAGE}`,
    least: { reads: PAGE, writes: 0, why: ofMany },
    prepare: admin("listAuditLog", async (world) => {
      await licensed(world, PAGE);
      return { limit: PAGE };
    }),
  },
  {
    name: "api",
    what: "CodeGate: verify a code",
    least: { reads: 2, writes: 1, why: "the key and the code; the code" },
    prepare: async (world) => {
      const [last = "", ...before] = await codes(world, 1 + LEASED_BY);
      const owner = await codegateKey(world, PRODUCT);
      const verify = (code: string) =>
        sendRaw(
          world.url,
          signedCall(owner, { path: "/codes/verify", body: { code }, at: world.clock.now() }),
        );
      for (const code of before) await verify(code);
      return async () => ok(verify(last));
    },
  },
  {
    name: "api",
    what: "ProxGate: activate a new domain",
    least: { reads: 3, writes: 2, why: `the key, ${machineToo}; the machine and the count` },
    prepare: async (world) => {
      const license_key = await fresh()(world);
      const apiKey = await proxgateKey(world);
      const activate = (domain: string) =>
        ok(proxgate(world, apiKey, "licenses/activate", { license_key, domain }));
      for (let n = 0; n < LEASED_BY; n++) await activate(`before-${n}.example.com`);
      return () => activate("last.example.com");
    },
  },
  {
    name: "v1",
    what: "GeckoGuard: authorize a known device",
    least: { reads: 3, writes: 1, why: "the key, the license, the nonce; the nonce" },
    prepare: async (world) => {
      const licenseKey = await fresh()(world);
      const { productId, apiKey } = await geckoKey(world, PRODUCT);
      const body = { productId, licenseKey, hwid: "a" };
      const authorize = () => ok(sendAuthorize(world.url, apiKey, body, { at: world.clock.now() }));
      for (let n = 0; n < LEASED_BY; n++) await authorize();
      return authorize;
    },
  },
];
