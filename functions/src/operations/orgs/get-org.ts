import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Membership } from "../../core/users.ts";
import { accounts } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Org } from "./list-orgs.ts";

export async function getOrg(
  deps: Pick<Deps, "store">,
  membership: Membership,
): Promise<Decision<Org>> {
  const account = await deps.store.get(accounts, membership.accountId);
  return account ? accept({ account, membership }) : refuse("ORG_NOT_FOUND");
}
