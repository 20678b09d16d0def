import type { Invite } from "../../core/invites.ts";
import { invites } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Member } from "../principal.ts";

/** The account's invite of that id. */
export async function findInvite(
  reader: Reader,
  { accountId }: Member,
  inviteId: string,
): Promise<Invite | undefined> {
  const invite = await reader.get(invites, inviteId);
  return invite?.accountId === accountId ? invite : undefined;
}
