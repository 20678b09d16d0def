import { accept, type Decision, refuse } from "../../core/decision.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { codeSpender, drawBackupCodes } from "./second-factor.ts";
import type { UserCaller } from "./sessions.ts";

type Enabled = { readonly backupCodes: readonly string[] };

/** Asks for codes from the next login on, once the app has shown that it has the secret. */
export async function enableTotp(
  deps: Deps,
  { userId, userHash }: UserCaller,
  code: string,
): Promise<Decision<Enabled>> {
  const now = deps.now();
  const { codes: backupCodes, hashes: backupHashes } = drawBackupCodes(deps, userId);
  const spend = await codeSpender(deps);
  return deps.once(async (tx): Promise<Decision<Enabled>> => {
    const user = await tx.get(users, userHash);
    if (!user) return refuse("TOKEN_INVALID");
    if (user.totp) return refuse("TOTP_ENABLED");
    const secretSealed = user.pendingTotpSealed;
    if (secretSealed === null) return refuse("TOTP_NOT_SET_UP");
    const unproved = { secretSealed, enabledAt: now, lastStep: 0, backupHashes: [] };
    const proved = spend({ ...user, totp: unproved }, code, now);
    if (!proved) return refuse("TOTP_CODE_WRONG");
    const totp = { ...proved, backupHashes };
    tx.set(users, { ...user, totp, pendingTotpSealed: null, updatedAt: now });
    return accept({ backupCodes });
  });
}
