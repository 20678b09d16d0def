import { derivedId } from "../../crypto/vault.ts";
import { reservations } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";

const idOf = (slug: string): string => derivedId("org-slug", slug);

/** The first of the slugs that nobody has, or `undefined`. */
export async function freeSlug(reader: Reader, slugs: readonly string[]) {
  const taken = await reader.getMany(reservations, slugs.map(idOf));
  return slugs.find((_, index) => !taken[index]);
}

/** Whose organization has the slug. */
export async function accountOfSlug(reader: Reader, slug: string): Promise<string | undefined> {
  return (await reader.get(reservations, idOf(slug)))?.accountId;
}

export const takeSlug = (tx: Transaction, slug: string, accountId: string, now: number): void =>
  tx.create(reservations, {
    id: idOf(slug),
    kind: "org-slug",
    accountId,
    targetId: accountId,
    createdAt: now,
  });

export function giveSlugBack(tx: Transaction, slug: string | null): void {
  if (slug !== null) tx.delete(reservations, idOf(slug));
}
