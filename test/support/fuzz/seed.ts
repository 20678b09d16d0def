import fc from "fast-check";
import { KEY_KINDS, type KeyKind } from "../../../functions/src/core/api-keys.ts";
import { derivedUuid } from "../../../functions/src/crypto/vault.ts";
import { keyHashOf } from "../../../functions/src/operations/activations/machine.ts";
import { orgIdOf } from "../../../functions/src/operations/members/reach.ts";
import { deliveries, licenses } from "../../../functions/src/store/collections.ts";
import { as, dataOf, org, PASSWORD, type Person, person } from "../dashboard.ts";
import { addPlan } from "../plans.ts";
import { type Customer, claim, customer } from "../portal.ts";
import { productOf } from "../products.ts";
import { proxgateKey } from "../proxgate.ts";
import { delivery } from "../records.ts";
import { ADMIN_SECRET, type Json, MINUTE, machine, send, type World } from "../world.ts";

/** A key with what it signs with, where its kind signs. */
export type Key = {
  readonly apiKey: string;
  readonly secret?: string;
  readonly productUuid?: string;
};

/** What nobody else may be told, and nobody may find in a log. */
export type Tenant = {
  readonly accountId: string;
  readonly keys: Readonly<Record<KeyKind | "bound" | "revoked", Key>>;
  /** Whoever is logged in for it. */
  readonly person: Person;
  /** Whoever is logged in at its portal. */
  readonly customer: Customer;
  /** Keys of licenses and tokens: they open what they are of. */
  readonly opening: ReadonlySet<string>;
  /** Buyers' addresses. */
  readonly people: ReadonlySet<string>;
  /** Shown once, when they were made. */
  readonly shownOnce: ReadonlySet<string>;
  /** What a counterexample shows of it. */
  readonly [fc.toStringMethod]: () => string;
};

export type Seed = {
  readonly tenants: readonly [Tenant, Tenant];
  /** What the store holds under a field of that name, in any spelling of it: the first tenant's more often. */
  readonly known: (field: string) => readonly string[];
  readonly ids: readonly string[];
};

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/;
const SECRET_FIELDS = new Set(["apikey", "secret", "accesstoken"]);
/** Secrets that are sent in fields of these names. */
const SENT_FIELDS = new Set(["refreshtoken", "password"]);
const OPENING_FIELDS = new Set(["licensekey", "token", "sitetoken"]);
const PEOPLE_FIELDS = new Set(["email", "adminemail"]);

const plain = (field: string) => field.toLowerCase().replaceAll(/[^a-z]/g, "");

/** Two tenants that have one of everything, in most of its states. */
export async function seed(world: World): Promise<Seed> {
  const [ours, theirs]: [Pool, Pool] = [new Map(), new Map()];
  const one = await tenant(world, "studio-one", ours);
  const two = await tenant(world, "studio-two", theirs);
  const ids = [ours, theirs]
    .flatMap((pool) => [...pool.values()].flatMap((values) => [...values]))
    .filter((value) => UUID.test(value));
  const known = (field: string) => {
    const [first = [], second = []] = [ours, theirs].map((pool) => [
      ...(pool.get(plain(field)) ?? []),
    ]);
    // What was made first goes together: a license, its machine and its token.
    const together = Array<string[]>(8).fill(first.slice(0, 1)).flat();
    return [...together, ...first, ...first, ...first, ...second];
  };
  return { tenants: [one, two], known, ids: [...new Set(ids)] };
}

type Pool = Map<string, Set<string>>;

async function tenant(world: World, creatorId: string, pool: Pool): Promise<Tenant> {
  const opening = new Set<string>();
  const people = new Set<string>();
  const shownOnce = new Set<string>();
  const keep = (field: string, value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) keep(field, item);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) keep(name, member);
    } else if (typeof value === "string" && value !== "") {
      const name = plain(field);
      if (SECRET_FIELDS.has(name)) shownOnce.add(value);
      else {
        if (SENT_FIELDS.has(name)) shownOnce.add(value);
        if (OPENING_FIELDS.has(name)) opening.add(value);
        if (PEOPLE_FIELDS.has(name)) people.add(value);
        pool.set(name, (pool.get(name) ?? new Set()).add(value));
      }
    }
  };
  const make = async (name: string, body: Json) => {
    const made = await world.admin(name, body);
    for (const field of [body, made]) keep(name, field);
    return made;
  };

  const [productId, other] = [`prod_${creatorId}`, `prod_${creatorId}_other`];
  const { projectId } = await make("createProduct", { name: creatorId, productId, creatorId });
  await make("updateAccount", { creatorId, plan: "enterprise" });
  await make("createProduct", { name: "Other", productId: other, creatorId });
  await make("createVariant", { productId, name: "pro", maxMachines: 3, durationDays: 30 });
  await make("createTrialCode", { code: `TRY-${creatorId}`, productId });
  await make("createDiscountCode", { code: `OFF-${creatorId}`, productId, percentOff: 10 });
  await make("createCodes", { productId, codes: [`CODE-${creatorId}`, `USED-${creatorId}`] });
  await make("updateMailTemplate", { creatorId, kind: "license", subject: "Hello" });
  await make("createWebhookEndpoint", { url: "https://example.com/", events: ["*"], creatorId });

  const kinds = [
    {},
    { licenseType: "floating", maxConcurrent: 1 },
    { licenseType: "site" },
    {},
    {},
  ];
  const ended = { expiresAt: new Date(world.clock.now() + 1).toISOString() };
  const licenseKeys: unknown[] = [];
  for (const [index, terms] of [...kinds, ended].entries()) {
    const email = `buyer${index}@${creatorId}.example`;
    const { licenseKey } = await make("createLicense", { email, productId, ...terms });
    licenseKeys.push(licenseKey);
    if (index === 4) continue;
    const ask = machine(String(licenseKey), creatorId, productId);
    const { status, body } = await world.call("activate", ask);
    if (status !== 200) throw new Error(JSON.stringify(body));
    for (const field of [ask, body]) keep("activate", field);
    keep("deviceFingerprint", ask.machineFingerprint);
  }
  await make("revokeLicense", { licenseKey: licenseKeys[3] });
  world.clock.advance(MINUTE);

  const key = async (kind: KeyKind, terms: Json = {}): Promise<Key> => {
    const ask = { name: kind, kind, creatorId, ...terms };
    const { body } = await world.call("createApiKey", ask, {
      headers: { "x-admin-secret": ADMIN_SECRET },
    });
    // Some kinds are one product's, the others must not name one.
    if (!body["apiKey"] && !terms["productId"]) return key(kind, { productId });
    keep(kind, body);
    if (body["productUuid"]) keep("productId", body["productUuid"]);
    return body as Key;
  };
  const keys: Record<string, Key> = { bound: await key("native", { productIds: [other] }) };
  for (const kind of KEY_KINDS) keys[kind] = await key(kind);
  keys["revoked"] = await key("native");
  const { keyId } = keys["revoked"] as unknown as { keyId: string };
  await make("revokeApiKey", { keyId });

  const someone = await person(world, `owner@${creatorId}.example`);
  keep("person", [someone, { password: PASSWORD }]);
  const orgId = await org(world, someone);
  keep("orgId", orgId);
  await make("addMember", { creatorId, email: someone.email, role: "OWNER" });
  const made = async (route: string, body: Json) => {
    const reply = await as(world, someone, `POST /v1/dashboard/${route}`, { body });
    if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
    keep(route, [body, reply.body]);
    return Object.values(dataOf(reply))[0] as Json;
  };
  const colleague = await person(world, `colleague@${creatorId}.example`);
  await make("addMember", { creatorId: orgId, email: colleague.email, role: "DEV" });
  for (const field of ["memberUuid", "newOwnerId"]) keep(field, colleague.userId);
  const email = `invited@${creatorId}.example`;
  const invite = await made(`orgs/${orgId}/invites`, { email, role: "VIEWER" });
  keep("inviteUuid", invite["id"]);
  const { keyId: keyUuid, productUuid } = keys["geckoguard"] as unknown as Record<string, string>;
  keep("keyUuid", keyUuid);
  const hook = { url: "https://example.com/hooks", events: ["license.revoked"] };
  const endpoint = await made(`webhooks/products/${productUuid}`, hook);
  keep("endpointUuid", endpoint["id"]);

  const portal = async (at: string, orgSlug: string) => {
    const patch = { body: { slug: orgSlug, portalEnabled: true } };
    await as(world, someone, `PATCH /v1/dashboard/orgs/${at}`, patch);
    const made = await customer(world, { slug: orgSlug }, `customer@${creatorId}.example`);
    keep("customer", [made, { orgSlug, endUserId: made.id }]);
    return made;
  };
  await portal(orgId, `${creatorId}-own`);
  const buyer = await portal(orgIdOf(creatorId), creatorId);
  await claim(world, buyer, { slug: creatorId }, String(licenseKeys[0]));

  const subscribe = async (handle: string, end: "start" | "cancel" | "none") => {
    const plan = await addPlan(world, someone, (await productOf(world, handle)).id);
    keep("planId", plan["id"]);
    keep("productId", plan["productId"]);
    if (end === "none") return;
    const path = "POST /v1/dashboard/subscriptions";
    const started = await as(world, someone, `${path}/start`, { body: { planId: plan["id"] } });
    const { id: subscriptionId } = dataOf(started)["subscription"] as Json;
    keep("subscriptionId", subscriptionId);
    if (end === "cancel") await as(world, someone, `${path}/cancel`, { body: { subscriptionId } });
  };
  await make("createProduct", { name: "Plans", productId: `prod_${creatorId}_plans`, creatorId });
  await subscribe(`prod_${creatorId}_plans`, "none");
  await subscribe(other, "cancel");
  await subscribe(productId, "start");

  // Of the product that the key is for.
  const things = async (route: string, body: Json) => {
    const ofProduct = route.replace("*", `products/${keys["geckoguard"]?.productUuid}`);
    const made = await as(world, someone, ofProduct, { body });
    if (made.status >= 300) throw new Error(JSON.stringify(made.body));
    const [name, thing] = Object.entries(dataOf(made))[0] ?? [];
    keep(`${name}Uuid`, (thing as Json)["id"]);
  };
  const variable = { scope: "GLOBAL", key: "motd", value: "hello" };
  await things("PUT /v1/dashboard/app-variables/*", variable);
  await things("POST /v1/dashboard/app-versions/*", { version: "2.1.0" });
  const entry = { type: "HWID", value: `device of ${creatorId}` };
  await things("POST /v1/dashboard/blacklists/*", entry);

  const site = {
    site_url: `https://${creatorId}.example/wp`,
    license_key: licenseKeys[0],
    admin_email: `admin@${creatorId}.example`,
  };
  const siteKey = await proxgateKey(world, { creatorId });
  shownOnce.add(siteKey);
  const registered = await send(world.url, "api/v1/wordpress/register", site, {
    headers: { authorization: `Bearer ${siteKey}` },
  });
  if (registered.status !== 200) throw new Error(JSON.stringify(registered.body));
  keep("register", [site, registered.body]);
  keep("siteId", (registered.body["site"] as Json)["id"]);
  await make("createPendingAction", { productId, type: "ENABLE_PLUGIN" });

  const headers = { "x-webhook-secret": "test-native-secret" };
  const sale = {
    type: "purchase.completed",
    email: `sale@${creatorId}.example`,
    productId: "none",
  };
  const failed = await world.call("webhook", sale, { headers, query: { creatorId } });
  keep("webhook", [sale, failed.body]);
  for (const list of [
    "listApiKeys",
    "listProducts",
    "listVariants",
    "listLicenses",
    "listWebhookEndpoints",
    "listAuditLog",
    "listSites",
  ]) {
    keep(list, await world.admin(list, list === "listVariants" ? { productId } : { creatorId }));
  }
  const [endpointId = ""] = [...(pool.get("endpointid") ?? [])].slice(-1) as string[];
  const sent = delivery({ endpointId, accountId: creatorId, state: "failed" });
  const record = { ...sent, id: world.deps.newId() };
  await world.store.commit([{ kind: "set", collection: deliveries, record }]);
  keep("deliveryId", record.id);
  keep("code", (await world.admin("listCodes", { productId }))["codes"]);
  for (const text of [`CODE-${creatorId}`, `USED-${creatorId}`]) {
    const { id } = await productOf(world, String(projectId));
    keep("codeId", derivedUuid("redemption-code", id, text).replaceAll("-", ""));
  }
  for (const licenseKey of licenseKeys) {
    const license = await world.store.get(licenses, keyHashOf(world.deps, String(licenseKey)));
    for (const field of ["licenseId", "licenseIds"]) keep(field, license?.id);
  }
  keep("accountId", creatorId);
  keep("domain", `${creatorId}.example`);
  keep("projectId", projectId);
  return {
    ...{
      accountId: creatorId,
      keys: keys as Tenant["keys"],
      person: someone,
      customer: buyer,
      opening,
      people,
      shownOnce,
    },
    [fc.toStringMethod]: () => creatorId,
  };
}
