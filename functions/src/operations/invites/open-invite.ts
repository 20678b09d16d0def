import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Invite, isOpenInvite } from "../../core/invites.ts";
import type { Account } from "../../core/plans.ts";
import { accounts, invites } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { idInToken, inviteTokenHash } from "./tokens.ts";

export type OpenInvite = { readonly invite: Invite; readonly account: Account };

/** The invite of a token that is good still. A token that another took the place of is spent like a used one. */
export async function openInvite(
  deps: Pick<Deps, "vault">,
  reader: Reader,
  { token, now }: { readonly token: string; readonly now: number },
): Promise<Decision<OpenInvite>> {
  const id = idInToken(token);
  const invite = id === undefined ? undefined : await reader.get(invites, id);
  if (!invite) return refuse("INVITE_NOT_FOUND");
  const account = await reader.get(accounts, invite.accountId);
  const isGood =
    isOpenInvite(invite, now) && invite.tokenHash === inviteTokenHash(deps, token) && account;
  return isGood ? accept({ invite, account }) : refuse("INVITE_EXPIRED");
}

/** The invite as the public sees it that holds its token. */
export const previewInvite = (
  deps: Pick<Deps, "vault" | "store" | "now">,
  token: string,
): Promise<Decision<OpenInvite>> => openInvite(deps, deps.store, { token, now: deps.now() });
