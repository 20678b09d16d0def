import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type EndUser, ownedBy } from "../../core/end-users.ts";
import type { License } from "../../core/records.ts";
import { endUsers } from "../../store/collections.ts";
import { auditorAs } from "../audit.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { ownersRecounted } from "../end-users/owners.ts";
import { announcer } from "../events/announce.ts";
import { saveLicense } from "../licenses/change-license.ts";
import { withReachedLicense } from "../licenses/find-license.ts";
import { accountOfSlug } from "../orgs/slugs.ts";
import { asOwn, type OwnLicense } from "./own-licenses.ts";

/** Makes the license of that key the end user's, unless it is somebody else's. */
export async function claimLicense(
  deps: Deps,
  { id: endUserId, accountId }: Pick<EndUser, "id" | "accountId">,
  ask: { readonly orgSlug: string; readonly licenseKey: string },
): Promise<Decision<OwnLicense>> {
  if ((await accountOfSlug(deps.store, ask.orgSlug)) !== accountId) return refuse("ORG_NOT_FOUND");
  const now = deps.now();
  const audit = auditorAs(deps, { kind: "end-user", keyId: null, userId: endUserId });
  const announce = announcer(deps);
  const claimed = await withReachedLicense(deps, {
    which: { licenseKey: ask.licenseKey },
    reaches: (license) => license.accountId === accountId,
    transaction: deps.once,
    body: async (tx, before): Promise<Decision<{ license: License }>> => {
      if (before.endUserId === endUserId) return accept({ license: before });
      if (before.endUserId !== null) return refuse("LICENSE_CLAIMED");
      const owner = await tx.get(endUsers, endUserId);
      if (!owner) return refuse("TOKEN_INVALID");
      if (owner.bannedAt !== null) return refuse("USER_BANNED");
      const after: License = { ...before, ...ownedBy(owner), updatedAt: now };
      const moves = after.email !== before.email;
      const welcome = moves ? await customerOnFirstUse(tx, after, now) : undefined;
      const recount = await ownersRecounted(tx, { before, after }, { now });
      saveLicense(deps, tx, { before, after, announce });
      welcome?.(tx, announce);
      recount(tx);
      audit(tx, { accountId, action: "license.claim", targetId: before.id, before, after });
      return accept({ license: after });
    },
  });
  if (!claimed.ok) return claimed;
  const [own] = await asOwn(deps.store, [claimed.license], now);
  return own ? accept(own) : refuse("LICENSE_NOT_FOUND");
}
