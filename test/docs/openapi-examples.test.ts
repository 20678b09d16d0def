import { Ajv2020 } from "ajv/dist/2020.js";
import { deliveries, sites } from "../../functions/src/store/collections.ts";
import { openApiDocument } from "../../scripts/openapi-document.ts";
import { person } from "../support/dashboard.ts";
import { delivery, site, siteAction } from "../support/records.ts";
import { signed } from "../support/signed.ts";
import {
  ADMIN_SECRET,
  endpoints,
  type Json,
  MINUTE,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

type Media = { schema: Json; example?: unknown; examples?: Record<string, { value: unknown }> };
type Responses = Record<string, { content: Record<string, Media> }>;
type Parameter = { name: string; in: string; schema: Json };
type Operation = {
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> & { "application/json": Media } };
  responses: Responses;
};

const document = openApiDocument([...endpoints.values()]);
const paths = document.paths as unknown as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => {
    return { name: path.slice(1), method: method.toUpperCase(), operation };
  }),
);

const DONE = { success: true, status: "done" };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

// The schemas say by a pattern what their formats mean.
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: "openapi", components: document.components });
function expectValid(schema: Json, value: unknown) {
  const local = JSON.stringify(schema).replaceAll("#/components/", "openapi#/components/");
  ajv.validate(JSON.parse(local) as Json, value);
  expect(ajv.errors ?? []).toEqual([]);
}

/** What a function's own description says to send. */
function requestOf({ parameters = [], requestBody }: Operation): Json {
  if (requestBody) return requestBody.content["application/json"].example as Json;
  const asked = parameters.filter((parameter) => parameter.in === "query");
  const fields = asked.map(({ name, schema }) => [name, schema["example"]]);
  return Object.fromEntries(fields.filter(([, example]) => example !== undefined)) as Json;
}

const adminBodies = operations.flatMap(({ name, operation: { tags, requestBody } }) =>
  requestBody && tags.includes("Admin")
    ? [{ name, ...requestBody.content["application/json"] }]
    : [],
);

test.each(adminBodies)("$name may be sent its credential in the body", ({ schema, example }) => {
  expectValid(schema, { ...(example as Json), adminSecret: ADMIN_SECRET });
});

const exampleOf = (name: string): Json => requestOf(paths[`/${name}`]?.["post"] as Operation);

/** The functions whose examples, one after the other, make what the examples of all others name. */
const makers = (name: string) => [
  "createProduct",
  "createVariant",
  "createLicense",
  "createApiKey",
  "importLicenses",
  "activate",
  "updateMailTemplate",
  "createWebhookEndpoint",
  "createCodes",
  "grantEntitlement",
  name.endsWith("DiscountCode") ? "createDiscountCode" : "createTrialCode",
];

/** Where an example says which id a maker's thing has. */
const IDS: Readonly<Record<string, readonly [name: string, field: string]>> = {
  createApiKey: ["rotateApiKey", "keyId"],
  createWebhookEndpoint: ["updateWebhookEndpoint", "endpointId"],
};

/** The event of a sale: it fails while its product is not made. */
async function announced(): Promise<unknown> {
  const { body } = await run("webhook", "POST", exampleOf("webhook"));
  return (body as Json)["eventId"];
}

/** What no document can say: the token of the machine that was activated, the id of an event. */
async function seeded(name: string): Promise<Json> {
  const eventId = name === "retryInboundEvent" ? await announced() : undefined;
  const { creatorId } = exampleOf("createProduct");
  for (const productId of exampleOf("createLicense")["unlockedProducts"] as string[]) {
    await world.admin("createProduct", { name: productId, productId, creatorId });
  }
  if (name === "addMember") await person(world, String(exampleOf(name)["email"]));
  const { newId } = world.deps;
  let token: unknown;
  for (const maker of makers(name)) {
    if (maker === name) break;
    const known = IDS[maker];
    const newIds = known ? () => String(exampleOf(known[0])[known[1]]) : newId;
    Object.assign(world.deps, { newId: newIds });
    const made = await world.admin(maker, exampleOf(maker));
    token ??= made["token"];
  }
  Object.assign(world.deps, { newId });
  const record = delivery({
    id: String(exampleOf("redeliverWebhook")["deliveryId"]),
    endpointId: String(exampleOf("listWebhookDeliveries")["endpointId"]),
    accountId: String(creatorId),
    state: "delivered",
  });
  const reporting = site({ accountId: String(creatorId), actions: [siteAction()] });
  await world.store.commit([
    { kind: "set", collection: deliveries, record },
    { kind: "set", collection: sites, record: reporting },
  ]);
  if (token === undefined) return { eventId };
  if (name === "listInboundEvents") await announced();
  // One country more than the example's product lets pass makes the violation `v1`.
  for (const country of ["CH", "DE", "FR", "IT", "AT", "LI"]) {
    const headers = { "x-country-code": country };
    await world.call("activate", exampleOf("activate"), { headers });
  }
  return { token, eventId };
}

/** The proof of origin of a webhook, or the admin secret. */
function proofFor(name: string, body: string, at: number) {
  const spec = endpoints.get(name);
  return spec?.access === "webhook"
    ? signed(spec.provider, body, { at })
    : { headers: { "x-admin-secret": ADMIN_SECRET } };
}

/** The answer as its content type has it. */
async function run(
  name: string,
  method: string,
  fields: Json,
  { proven = true, at = NOW, sent = "application/json" } = {},
) {
  const form = new URLSearchParams(fields as Record<string, string>).toString();
  const body = sent === "application/json" ? JSON.stringify(fields) : form;
  const { headers = {}, query = {} } = proven ? proofFor(name, body, at) : {};
  const search = method === "GET" ? form : new URLSearchParams(query).toString();
  const reply = await fetch(`${world.url}/${name}?${search}`, {
    method,
    headers: { "content-type": sent, ...headers },
    ...(method === "GET" ? {} : { body }),
  });
  const type = reply.headers.get("content-type")?.split(";")[0] ?? "";
  const text = await reply.text();
  const answer: unknown = type === "application/json" ? JSON.parse(text) : text;
  return { status: reply.status, type, body: answer };
}

/** The names of the lists in an example, `licenses.unlockedProducts` for one, that hold something. */
const filledLists = (value: unknown, path = ""): string[] => {
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : [path, ...filledLists(value[0], path)];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, held]) => filledLists(held, `${path}.${name}`));
};

describe.each(operations)("$method $name", ({ name, method, operation }) => {
  test("every example of an answer fits its schema", () => {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      for (const { schema, example, examples = {} } of Object.values(content)) {
        if (status === "200") expectValid(schema, example);
        for (const { value } of Object.values(examples)) expectValid(schema, value);
      }
    }
  });

  test("200 the example of a request, with an answer that fits its schema", async () => {
    const made = await seeded(name);
    const example = requestOf(operation);
    const schema = operation.requestBody?.content["application/json"].schema;
    if (schema) expectValid(schema, example);
    const fields = Object.fromEntries(
      Object.entries(example).map(([field, value]) => [field, made[field] || value]),
    );
    const contents = operation.responses["200"]?.content ?? {};
    const formats = Object.keys(contents).length > 1 ? [{}, { format: "json" }] : [{}];
    const types = new Set<string>();
    for (const format of formats) {
      const { status, type, body } = await run(name, method, { ...fields, ...format });
      const done = operation.tags.includes("Payments") || name === "retryInboundEvent";
      expect({ status, body }).toMatchObject({ status: 200, ...(done && { body: DONE }) });
      const { schema: shape = {}, example: shown } = contents[type] as Media;
      expectValid(shape, body);
      expect(filledLists(body)).toEqual(expect.arrayContaining(filledLists(shown)));
      types.add(type);
    }
    expect([...types]).toEqual(Object.keys(contents));
  });

  test("200 the example in each content type, once", async () => {
    await seeded(name);
    const types = Object.keys(operation.requestBody?.content ?? {});
    for (const sent of types.length > 1 ? types : []) {
      const { status, body } = await run(name, method, requestOf(operation), { sent });
      expect({ status, body }).toMatchObject({ status: 200, body: DONE });
    }
  });

  test("400 and 401 as their examples say", async () => {
    const shown = (status: number, code: string) =>
      operation.responses[status]?.content["application/json"]?.examples?.[code]?.value;
    const at = NOW - 6 * MINUTE;
    const empty = await run(name, method, {}, { at });
    const odd = await run(name, method, { typo: true }, { at });
    const refused = [empty, odd].find(({ status }) => status === 400);
    expect(shown(400, "INVALID_REQUEST")).toEqual(refused?.body);
    const closed = await run(name, method, requestOf(operation), { proven: false });
    const guarded = endpoints.get(name)?.access !== "public";
    expect(shown(401, "UNAUTHENTICATED")).toEqual(guarded ? closed.body : undefined);
  });
});
