import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type EndUser, foldedNames, ownedBy } from "../../core/end-users.ts";
import type { License } from "../../core/records.ts";
import type { User } from "../../core/users.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { endUsers, licenses, users } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import { auditorAs } from "../audit.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { ownersRecounted } from "../end-users/owners.ts";
import { announcer } from "../events/announce.ts";
import type { UserCaller } from "../users/sessions.ts";
import { saveLicense } from "./change-license.ts";

/**
 * Gives a license that nobody has to whoever shows its key: the user becomes an end user of its account, the same
 * one for every license there. Again it changes nothing.
 */
export async function redeemLicense(
  deps: Deps,
  { userId, userHash }: UserCaller,
  licenseKey: string,
): Promise<Decision<{ license: License }>> {
  const now = deps.now();
  const keyHash = keyHashOf(deps, licenseKey);
  const audit = auditorAs(deps, { kind: "user", keyId: null, userId });
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<{ license: License }>> => {
    const [user, before] = [await tx.get(users, userHash), await tx.get(licenses, keyHash)];
    if (!user) return refuse("TOKEN_INVALID");
    if (!before) return refuse("LICENSE_NOT_FOUND", { field: "licenseKey" });
    const id = derivedUuid("end-user-of", before.accountId, userId);
    if (before.endUserId === id) return accept({ license: before });
    if (before.endUserId !== null) return refuse("LICENSE_CLAIMED");
    const known = await tx.get(endUsers, id);
    if (known && known.bannedAt !== null) return refuse("USER_BANNED");
    const owner = known ?? ownerFrom(user, { id, accountId: before.accountId, now });
    const after = { ...before, ...ownedBy(owner), updatedAt: now };
    const moves = after.email !== before.email;
    const welcome = moves ? await customerOnFirstUse(tx, after, now) : undefined;
    const recount = known && (await ownersRecounted(tx, { before, after }, { now }));
    if (recount) recount(tx);
    else tx.create(endUsers, counted(owner, before.productId));
    saveLicense(deps, tx, { before, after, announce });
    welcome?.(tx, announce);
    const { accountId } = before;
    audit(tx, { accountId, action: "license.redeem", targetId: before.id, before, after });
    return accept({ license: after });
  });
}

const counted = (owner: EndUser, productId: string): EndUser => ({
  ...owner,
  licenseCounts: { [productId]: 1 },
  productIds: [productId],
});

const ownerFrom = (
  { email }: User,
  { id, accountId, now }: { id: string; accountId: string; now: number },
): EndUser => ({
  id,
  accountId,
  email,
  username: null,
  folded: foldedNames({ email, username: null }),
  passwordHash: null,
  tokenGeneration: 0,
  blockedTokens: [],
  bannedAt: null,
  licenseCounts: {},
  productIds: [],
  createdAt: now,
  updatedAt: now,
});
