import { rateBudgets } from "../store/collections.ts";
import type { Deps } from "./deps.ts";

/** Asks the store for a document. Throws `StoreUnavailableError` when it does not answer. */
export async function reachStore({ store }: Pick<Deps, "store">): Promise<void> {
  await store.get(rateBudgets, "nobody");
}
