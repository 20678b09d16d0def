import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type EndUser, licensesCounted } from "../../core/end-users.ts";
import type { License } from "../../core/records.ts";
import { endUsers } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";

type Holding = Pick<License, "endUserId" | "productId">;

/** Whom a license of the account is given to; null is nobody. */
export async function ownerToBe(
  reader: Reader,
  accountId: string,
  endUserId: string | null,
): Promise<Decision<{ owner: EndUser | null }>> {
  if (endUserId === null) return accept({ owner: null });
  const owner = await reader.get(endUsers, endUserId);
  return owner?.accountId === accountId
    ? accept({ owner })
    : refuse("END_USER_NOT_FOUND", { field: "endUserId" });
}

/**
 * Reads the end users between whom licenses move, and returns the writes that count them: `licenses` of
 * them, alike. Null stands for licenses that are not there.
 */
export async function ownersRecounted(
  reader: Reader,
  { before, after }: { readonly before: Holding | null; readonly after: Holding | null },
  { now, licenses = 1 }: { readonly now: number; readonly licenses?: number },
): Promise<(tx: Transaction) => void> {
  if (before?.endUserId === after?.endUserId) return () => undefined;
  const moves = [
    { holding: before, change: -licenses },
    { holding: after, change: licenses },
  ].flatMap(({ holding, change }) =>
    holding && holding.endUserId !== null
      ? [{ id: holding.endUserId, productId: holding.productId, change }]
      : [],
  );
  const owners = await reader.getMany(
    endUsers,
    moves.map(({ id }) => id),
  );
  return (tx) => {
    for (const [index, { productId, change }] of moves.entries()) {
      const owner = owners[index];
      if (owner) tx.set(endUsers, { ...licensesCounted(owner, productId, change), updatedAt: now });
    }
  };
}

/** The same for licenses that are deleted together. */
export async function ownersOfDeleted(
  reader: Reader,
  deleted: readonly Holding[],
  now: number,
): Promise<(tx: Transaction) => void> {
  const ids = [...new Set(deleted.flatMap(({ endUserId }) => endUserId ?? []))];
  const owners = ids.length > 0 ? await reader.getMany(endUsers, ids) : [];
  return (tx) => {
    for (const owner of owners) {
      if (!owner) continue;
      const lost = deleted.filter(({ endUserId }) => endUserId === owner.id);
      const counted = lost.reduce(
        (left, { productId }) => licensesCounted(left, productId, -1),
        owner,
      );
      tx.set(endUsers, { ...counted, updatedAt: now });
    }
  };
}
