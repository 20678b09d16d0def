import type { ApiKey } from "../../core/api-keys.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

/** The API keys of one account, or to the administrator of all, newest first. */
export async function listApiKeys(
  deps: Deps,
  principal: Principal,
  ask: PageAsk & { readonly creatorId?: string | undefined },
): Promise<Decision<{ page: Page<ApiKey> }>> {
  const owner = accountToList(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  const page = { limit: ask.limit, after: ask.after };
  return accept({
    page:
      accountId === undefined
        ? await deps.store.query(apiKeys, "newest", page)
        : await deps.store.query(apiKeys, "byAccount", { equal: { accountId }, ...page }),
  });
}
