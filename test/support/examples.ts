import { deliveries, sites } from "../../functions/src/store/collections.ts";
import { openApiDocument } from "../../scripts/openapi-document.ts";
import { person } from "./dashboard.ts";
import { delivery, site, siteAction } from "./records.ts";
import { signed } from "./signed.ts";
import { ADMIN_SECRET, endpoints, type Json, NOW, type World } from "./world.ts";

export type Media = {
  schema: Json;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
};
type Responses = Record<string, { content: Record<string, Media> }>;
type Parameter = { name: string; in: string; schema: Json };
export type Operation = {
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> & { "application/json": Media } };
  responses: Responses;
};

export const document = openApiDocument([...endpoints.values()]);
const paths = document.paths as unknown as Record<string, Record<string, Operation>>;
export const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => {
    return { name: path.slice(1), method: method.toUpperCase(), operation };
  }),
);

/** What a function's own description says to send. */
export function requestOf({ parameters = [], requestBody }: Operation): Json {
  if (requestBody) return requestBody.content["application/json"].example as Json;
  const asked = parameters.filter((parameter) => parameter.in === "query");
  const fields = asked.map(({ name, schema }) => [name, schema["example"]]);
  return Object.fromEntries(fields.filter(([, example]) => example !== undefined)) as Json;
}

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
async function announced(world: World): Promise<unknown> {
  const { body } = await run(world, { name: "webhook", method: "POST" }, exampleOf("webhook"));
  return (body as Json)["eventId"];
}

/** What no document can say: the token of the machine that was activated, the id of an event. */
export async function seeded(world: World, name: string): Promise<Json> {
  const eventId = name === "retryInboundEvent" ? await announced(world) : undefined;
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
  if (name === "listInboundEvents") await announced(world);
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

/** The example with what was made in place of what no document can say. */
export const filled = (example: Json, made: Json): Json =>
  Object.fromEntries(
    Object.entries(example).map(([field, value]) => [field, made[field] || value]),
  );

/** The answer as its content type has it. */
export async function run(
  world: World,
  { name, method }: { readonly name: string; readonly method: string },
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
