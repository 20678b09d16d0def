import { bytesOfUuid, uuidOfBytes } from "../../crypto/uuids.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import type { Deps } from "../deps.ts";

const PREFIX = "ggi_";
const ID_BYTES = 16;
const SECRET_BYTES = 32;
const FORM = /^ggi_[\w-]{64}$/;

/** There is one for an account and an address. */
export const inviteIdOf = (accountId: string, emailHash: string): string =>
  derivedUuid("invite", accountId, emailHash);

/** A token that holds the invite's id, so that it is found without a list. */
export function drawInviteToken(deps: Pick<Deps, "randomBytes" | "vault">, inviteId: string) {
  const bytes = Buffer.concat([bytesOfUuid(inviteId), deps.randomBytes(SECRET_BYTES)]);
  const token = PREFIX + bytes.toString("base64url");
  return { token, tokenHash: inviteTokenHash(deps, token) };
}

export const inviteTokenHash = ({ vault }: Pick<Deps, "vault">, token: string): string =>
  vault.hash("invite-token", token);

/** The invite that a token names, or `undefined` for a text that is none. */
export const idInToken = (token: string): string | undefined =>
  FORM.test(token)
    ? uuidOfBytes(Buffer.from(token.slice(PREFIX.length), "base64url").subarray(0, ID_BYTES))
    : undefined;
