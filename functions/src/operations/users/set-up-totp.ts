import { accept, type Decision, refuse } from "../../core/decision.ts";
import { loadTotp, TOTP_SECRET_BYTES } from "../../crypto/totp.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { UserCaller } from "./sessions.ts";

type SetUp = { readonly secret: string; readonly otpauthUrl: string };

/** A secret for the authenticator app; nothing asks for its codes before it is confirmed. */
export async function setUpTotp(deps: Deps, { userHash }: UserCaller): Promise<Decision<SetUp>> {
  const now = deps.now();
  const { secretOf, urlOf } = await loadTotp();
  const secret = secretOf(deps.randomBytes(TOTP_SECRET_BYTES));
  const pendingTotpSealed = deps.vault.seal("totp", secret);
  return deps.once(async (tx): Promise<Decision<SetUp>> => {
    const user = await tx.get(users, userHash);
    if (!user) return refuse("TOKEN_INVALID");
    if (user.totp) return refuse("TOTP_ENABLED");
    tx.set(users, { ...user, pendingTotpSealed, updatedAt: now });
    return accept({ secret, otpauthUrl: urlOf(secret, user.email) });
  });
}
