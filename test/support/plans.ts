import { products } from "../../functions/src/store/collections.ts";
import { as, dataOf, type Person } from "./dashboard.ts";
import { ADMIN_SECRET, type Json, type World } from "./world.ts";

/** The UUID of an organization's product with that handle, which is made if there is none. */
export async function addProduct(
  world: World,
  orgId: string,
  handle = "prod_plans",
  terms: Json = {},
): Promise<string> {
  const headers = { "x-admin-secret": ADMIN_SECRET };
  const product = { name: handle, productId: handle, creatorId: orgId, ...terms };
  await world.call("createProduct", product, { headers });
  const page = { equal: { accountId: orgId }, limit: 100 };
  const { items } = await world.store.query(products, "byAccount", page);
  return items.find((one) => one.handle === handle)?.id ?? "";
}

/** A plan of 19.00 a month, or as the terms say. */
export async function addPlan(
  world: World,
  owner: Person,
  productId: string,
  terms: Json = {},
): Promise<Json> {
  const body = {
    ...{ productId, name: "Pro", priceCents: 1900, interval: "month" },
    entitlements: ["export", "priority-support"],
    ...terms,
  };
  const made = await as(world, owner, "POST /v1/dashboard/plans", { body });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return dataOf(made)["plan"] as Json;
}
