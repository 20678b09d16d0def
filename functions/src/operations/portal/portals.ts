import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Account } from "../../core/plans.ts";
import { accounts } from "../../store/collections.ts";
import type { DocumentStore, Reader } from "../../store/document-store.ts";
import { accountOfSlug } from "../orgs/slugs.ts";
import { remembered } from "../remembered.ts";

/** An account whose customers have a portal. */
export type Portal = Account & { readonly slug: string };

/** The portal of an account, or `undefined` where it has none. */
export type PortalOf = (accountId: string) => Promise<Portal | undefined>;

/** The portals of accounts, as this instance remembers them. */
export const createPortals = (deps: { store: DocumentStore; now: () => number }): PortalOf =>
  remembered(deps.now, async (accountId) => portalIn(await deps.store.get(accounts, accountId)));

/** The portal that is known by that slug, as it is now. */
export async function findPortal(
  reader: Reader,
  slug: string,
): Promise<Decision<{ portal: Portal }>> {
  const accountId = await accountOfSlug(reader, slug);
  const account = accountId === undefined ? undefined : await reader.get(accounts, accountId);
  const portal = portalIn(account);
  return portal ? accept({ portal }) : refuse("ORG_NOT_FOUND", { field: "orgSlug" });
}

function portalIn(account: Account | undefined): Portal | undefined {
  if (!account?.portalEnabled || account.slug === null) return undefined;
  return { ...account, slug: account.slug };
}
