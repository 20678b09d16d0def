import { TOKEN_LIFE_MS, type User, type UserToken } from "../../core/users.ts";
import { digest } from "../../crypto/vault.ts";
import { users, userTokens } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

type Kind = UserToken["kind"];

const PREFIXES: Readonly<Record<Kind, string>> = {
  "verify-email": "ggv_",
  "reset-password": "ggp_",
  "login-challenge": "ggc_",
};
const TOKEN_BYTES = 32;
/** Longer ones are none of ours. */
const LONGEST = 64;

export type DrawnToken = { readonly kind: Kind; readonly token: string; readonly id: string };

export function drawUserToken(deps: Deps, kind: Kind): DrawnToken {
  const secret = Buffer.from(deps.randomBytes(TOKEN_BYTES)).toString("base64url");
  const token = PREFIXES[kind] + secret;
  return { kind, token, id: deps.vault.hash("user-token", token) };
}

type Holder = Pick<User, "id" | "emailHash" | "passwordHash">;

/** Files the token for its user. */
export function giveUserToken(
  tx: Transaction,
  { kind, id }: DrawnToken,
  { id: userId, emailHash: userHash, passwordHash }: Holder,
  now: number,
): UserToken {
  const record: UserToken = {
    id,
    kind,
    userId,
    userHash,
    stamp: digest(passwordHash),
    failures: 0,
    createdAt: now,
    expireAt: now + TOKEN_LIFE_MS[kind],
  };
  tx.create(userTokens, record);
  return record;
}

/** The token and whose it is, as long as it is good. */
export async function readUserToken(
  deps: Pick<Deps, "vault">,
  reader: Reader,
  { kind, token, now }: { readonly kind: Kind; readonly token: string; readonly now: number },
): Promise<{ token: UserToken; user: User } | undefined> {
  if (token.length > LONGEST) return undefined;
  const record = await reader.get(userTokens, deps.vault.hash("user-token", token));
  if (!record || record.kind !== kind || record.expireAt <= now) return undefined;
  const user = await reader.get(users, record.userHash);
  return user && digest(user.passwordHash) === record.stamp ? { token: record, user } : undefined;
}
