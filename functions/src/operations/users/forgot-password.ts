import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { emailHashOf, userIdOf } from "./emails.ts";
import { mailToUser } from "./mail-to-user.ts";
import { drawUserToken, giveUserToken } from "./tokens.ts";

/** Mails a link for a new password to a user; for anybody else it files a token that opens nothing. */
export async function forgotPassword(deps: Deps, email: string): Promise<void> {
  const now = deps.now();
  const emailHash = emailHashOf(deps.vault, email);
  const nobody = { id: userIdOf(emailHash), emailHash, passwordHash: deps.newId() };
  const drawn = drawUserToken(deps, "reset-password");
  const prepare = mailToUser(deps, { emailHash, email, token: drawn.token });
  await deps.once(async (tx) => {
    const user = await tx.get(users, emailHash);
    const mail = await prepare(tx);
    giveUserToken(tx, drawn, user ?? nobody, now);
    mail(tx, user && "reset-password");
  });
}
