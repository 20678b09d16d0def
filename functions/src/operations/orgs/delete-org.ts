import { accept, type Decision, refuse } from "../../core/decision.ts";
import { INVITE_STATUSES } from "../../core/invites.ts";
import type { Membership } from "../../core/users.ts";
import type { WebhookEndpoint } from "../../core/webhooks.ts";
import {
  accounts,
  apiKeys,
  invites,
  licenses,
  memberships,
  products,
  webhookEndpoints,
} from "../../store/collections.ts";
import type { Page } from "../../store/document-store.ts";
import { revokeApiKey } from "../api-keys/revoke-api-key.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Member } from "../principal.ts";
import { deleteWebhookEndpoint } from "../webhooks/delete-webhook-endpoint.ts";
import { giveSlugBack } from "./slugs.ts";

const PAGE = 100;
const LICENSE_STATUSES = ["active", "degraded", "suspended", "revoked"] as const;

/**
 * Ends an organization that has nothing left to sell. Its API keys are revoked, its webhook endpoints
 * and invites deleted, its members let go; its audit log stays. The caller is let go last, so that an attempt
 * that broke off can be made again.
 */
export async function deleteOrg(
  deps: Deps,
  { principal, membership }: { readonly principal: Member; readonly membership: Membership },
): Promise<Decision<{ deleted: true }>> {
  const { accountId } = principal;
  if (await hasThings(deps, accountId)) return refuse("ORG_NOT_EMPTY");
  const audit = auditor(deps, principal);
  const each: Deps = { ...deps, once: (body) => deps.store.transaction(body) };
  await closeDoors(each, principal);
  await letOthersGo(each, membership);
  // What somebody made until then is not left to nobody.
  if (await hasThings(deps, accountId)) return refuse("ORG_NOT_EMPTY");
  const decision = await deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const before = await tx.get(accounts, accountId);
    tx.delete(memberships, membership.id);
    if (before) {
      tx.delete(accounts, accountId);
      giveSlugBack(tx, before.slug);
      audit(tx, { accountId, action: "org.delete", targetId: accountId, before, after: null });
    }
    return accept({ deleted: true });
  });
  // Whoever came in meanwhile; without the account nobody comes any more.
  await forgetInvites(each, accountId);
  await letOthersGo(each, membership);
  return decision;
}

async function hasThings({ store }: Deps, accountId: string): Promise<boolean> {
  const counts = await Promise.all([
    store.count(products, "byAccount", { equal: { accountId } }),
    store.count(licenses, "countOfAccountByStatus", {
      equal: { accountId, status: LICENSE_STATUSES },
    }),
  ]);
  return counts.some((count) => count > 0);
}

async function closeDoors(deps: Deps, principal: Member): Promise<void> {
  const equal = { accountId: principal.accountId };
  let after: string | undefined;
  do {
    const page = await deps.store.query(apiKeys, "byAccount", { equal, limit: PAGE, after });
    for (const { id } of page.items) await revokeApiKey(deps, principal, id);
    after = page.next;
  } while (after !== undefined);
  await deleteEndpoints(deps, principal);
}

async function deleteEndpoints(deps: Deps, principal: Member): Promise<void> {
  const equal = { accountId: principal.accountId };
  let after: string | undefined;
  do {
    const ask = { equal, limit: PAGE, after };
    const page: Page<WebhookEndpoint> = await deps.store.query(webhookEndpoints, "byAccount", ask);
    for (const { id } of page.items) await deleteWebhookEndpoint(deps, principal, id);
    after = page.next;
  } while (after !== undefined);
}

/** An account of the native API may come back under its name: none of them shall let in then. */
async function forgetInvites({ store }: Deps, accountId: string): Promise<void> {
  for (const status of INVITE_STATUSES) {
    const equal = { accountId, status };
    let after: string | undefined;
    do {
      const page = await store.query(invites, "byAccountAndStatus", { equal, limit: PAGE, after });
      await store.commit(
        page.items.map(({ id }) => ({ kind: "delete" as const, collection: invites, id })),
      );
      after = page.next;
    } while (after !== undefined);
  }
}

/** With the owners counted off: where it breaks off, the last one is known as such. */
async function letOthersGo({ store }: Deps, own: Membership): Promise<void> {
  const { accountId } = own;
  let after: string | undefined;
  do {
    const ask = { equal: { accountId }, limit: PAGE, after };
    const page: Page<Membership> = await store.query(memberships, "byAccount", ask);
    const ids = page.items.map(({ id }) => id).filter((id) => id !== own.id);
    after = page.next;
    if (ids.length === 0) continue;
    await store.transaction(async (tx) => {
      const account = await tx.get(accounts, accountId);
      const others = (await tx.getMany(memberships, ids)).flatMap((other) => other ?? []);
      const owners = others.filter(({ role }) => role === "OWNER").length;
      for (const { id } of others) tx.delete(memberships, id);
      if (account && owners > 0)
        tx.update(accounts, accountId, { owners: account.owners - owners });
    });
  } while (after !== undefined);
}
