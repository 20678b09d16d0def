import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** Whose GeckoGuard key it is; `undefined` for one of another kind, which other paths are for. */
export async function accountOfGeckoguardKey(
  { store }: Pick<Deps, "store">,
  keyId: string,
): Promise<string | undefined> {
  const { items } = await store.query(apiKeys, "byIdentity", { equal: { id: keyId }, limit: 1 });
  return items[0]?.kind === "geckoguard" ? items[0].accountId : undefined;
}
