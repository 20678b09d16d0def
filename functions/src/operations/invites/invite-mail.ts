import type { Decision } from "../../core/decision.ts";
import type { Invite } from "../../core/invites.ts";
import type { Account } from "../../core/plans.ts";
import type { Role } from "../../core/roles.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { mailToUser } from "../users/mail-to-user.ts";

/** Prepares the mail with an invite's token; others than the address itself send it, so it counts by itself. */
export function inviteMail(
  deps: Deps,
  { emailHash, email }: Pick<Invite, "emailHash" | "email">,
  token: string,
) {
  const prepare = mailToUser(deps, { emailHash, email, token, purpose: "invite" });
  return async (reader: Reader) => {
    const mail = await prepare(reader);
    return (tx: Transaction, { name, id }: Account, role: Role): Decision<{ sent: true }> =>
      mail(tx, "invite", { organization: name ?? id, role });
  };
}
