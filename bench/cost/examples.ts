import { filled, operations, requestOf, run, seeded } from "../../test/support/examples.ts";
import type { World } from "../../test/support/world.ts";
import type { Call, Least } from "./calls.ts";

const SALE = {
  reads: 2,
  writes: 3,
  why: "the event's id and the product; both it and the license, and the mail",
};

/** What the example of each function's description would need. */
const least: Readonly<Record<string, Least>> = {
  addMember: {
    reads: 2,
    writes: 2,
    why: "the user and the account; the membership and the number of owners",
  },
  cgloungeWebhook: SALE,
  createApiKey: { reads: 1, writes: 1, why: "the product; the key" },
  createDiscountCode: {
    reads: 2,
    writes: 1,
    why: "the product, and that the code is new; the code",
  },
  createPendingAction: { reads: 1, writes: 1, why: "the site, with its actions" },
  createTrialCode: { reads: 2, writes: 1, why: "the product, and that the code is new; the code" },
  createVariant: {
    reads: 2,
    writes: 1,
    why: "the product, and that the variant is new; the variant",
  },
  createWebhookEndpoint: {
    reads: 1,
    writes: 2,
    why: "how many there are; the endpoint and their number",
  },
  deactivateMachine: {
    reads: 2,
    writes: 1,
    deletes: 1,
    why: "the license and its machine; the count, and the machine goes",
  },
  deleteCode: { reads: 1, writes: 0, deletes: 1, why: "the code" },
  deleteDiscountCode: { reads: 1, writes: 0, deletes: 1, why: "the code" },
  deleteTrialCode: { reads: 1, writes: 0, deletes: 1, why: "the code" },
  deleteWebhookEndpoint: {
    reads: 1,
    writes: 1,
    deletes: 1,
    why: "the endpoint goes; their number",
  },
  exportCodes: { reads: 1, writes: 0, why: "each code" },
  exportLicenses: { reads: 1, writes: 0, why: "each license" },
  getAccount: { reads: 1, writes: 0, why: "the account" },
  getMailTemplate: { reads: 1, writes: 0, why: "the template" },
  getSigningKey: { reads: 0, writes: 0, why: "an instance remembers it" },
  getSite: { reads: 1, writes: 0, why: "the site" },
  grantEntitlement: { reads: 2, writes: 1, why: "the user and the product; the entitlement" },
  gumroadWebhook: SALE,
  importLicenses: { reads: 2, writes: 1, why: "the product, and that the key is new; the license" },
  jwks: { reads: 0, writes: 0, why: "an instance remembers them" },
  lemonSqueezyWebhook: SALE,
  listApiKeys: { reads: 1, writes: 0, why: "each on the page" },
  listDiscountCodes: { reads: 1, writes: 0, why: "each on the page" },
  listInboundEvents: { reads: 1, writes: 0, why: "each on the page" },
  listPendingActions: { reads: 1, writes: 0, why: "the site, with its actions" },
  listSites: { reads: 1, writes: 0, why: "each on the page" },
  listTrialCodes: { reads: 1, writes: 0, why: "each on the page" },
  listVariants: { reads: 1, writes: 0, why: "each on the page" },
  listWebhookDeliveries: { reads: 1, writes: 0, why: "each on the page" },
  listWebhookEndpoints: { reads: 1, writes: 0, why: "each on the page" },
  paddleWebhook: SALE,
  polarWebhook: SALE,
  redeliverWebhook: { reads: 1, writes: 1, why: "the delivery" },
  reinstateLicense: { reads: 1, writes: 1, why: "the license" },
  reinstateSite: { reads: 1, writes: 0, why: "the site, which is as it should be" },
  resolveLicense: { reads: 1, writes: 1, why: "the license" },
  retryInboundEvent: { reads: 3, writes: 4, why: "the event, and a sale" },
  revokeApiKey: { reads: 1, writes: 1, why: "the key" },
  revokeEntitlement: { reads: 1, writes: 0, deletes: 1, why: "the entitlement" },
  revokeSite: { reads: 1, writes: 1, why: "the site" },
  rotateApiKey: {
    reads: 1,
    writes: 1,
    deletes: 1,
    why: "the key, from its old secret to its new one",
  },
  rotateSigningKey: { reads: 1, writes: 1, why: "the key ring" },
  rotateWebhookSecret: { reads: 1, writes: 1, why: "the endpoint" },
  stripeWebhook: SALE,
  testWebhookEndpoint: { reads: 1, writes: 0, why: "the endpoint" },
  updateAccount: { reads: 1, writes: 1, why: "the account" },
  updateCode: { reads: 1, writes: 1, why: "the code" },
  updateDiscountCode: { reads: 1, writes: 0, why: "the code, which is as it should be" },
  updateMailTemplate: { reads: 1, writes: 1, why: "the template" },
  updateProduct: { reads: 1, writes: 1, why: "the product" },
  updateTrialCode: { reads: 1, writes: 0, why: "the code, which is as it should be" },
  updateVariant: { reads: 1, writes: 0, why: "the variant, which is as it should be" },
  updateWebhookEndpoint: { reads: 1, writes: 0, why: "the endpoint, which is as it should be" },
};

/** The functions that `calls` does not have, called as their own descriptions say. */
export const exampleCalls: readonly Call[] = Object.entries(least).map(([name, smallest]) => ({
  name,
  what: "its example",
  least: smallest,
  prepare: (world) => prepared(world, name),
}));

async function prepared(world: World, name: string): Promise<() => Promise<unknown>> {
  const found = operations.find((one) => one.name === name);
  if (!found) throw new Error(`There is no function ${name}.`);
  const made = await seeded(world, name);
  const fields = filled(requestOf(found.operation), made);
  return async () => {
    const { status, body } = await run(world, found, fields);
    if (status !== 200) throw new Error(`${name}: ${JSON.stringify(body)}`);
  };
}
