import { plans } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** Whose plan it is. */
export const accountOfPlan = async (
  { store }: Pick<Deps, "store">,
  planId: string,
): Promise<string | undefined> => (await store.get(plans, planId))?.accountId;
