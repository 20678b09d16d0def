import { plans, products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** Whose plan it is. */
export const accountOfPlan = async (
  { store }: Pick<Deps, "store">,
  planId: string,
): Promise<string | undefined> => (await store.get(plans, planId))?.accountId;

/** Whose product it is, by its UUID. */
export const accountOfProduct = async (
  { store }: Pick<Deps, "store">,
  productId: string,
): Promise<string | undefined> => (await store.get(products, productId))?.accountId;
