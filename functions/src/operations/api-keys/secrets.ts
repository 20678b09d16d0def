import type { Deps } from "../deps.ts";

const PREFIX = "cgls_";
const SECRET_BYTES = 24;
/** Shown in lists: the prefix and four characters of the secret. */
const SHOWN = PREFIX.length + 4;

/** Draws an API key of 192 random bits, and what is kept of it. */
export function newSecret(deps: Pick<Deps, "randomBytes" | "vault">) {
  const apiKey = PREFIX + Buffer.from(deps.randomBytes(SECRET_BYTES)).toString("base64url");
  return {
    apiKey,
    kept: { secretHash: deps.vault.hash("api-key", apiKey), prefix: apiKey.slice(0, SHOWN) },
  };
}
