import { Problem } from "../../http/problem.ts";
import type { Asked } from "../../http/router.ts";
import {
  type AuthenticatedKey,
  authenticateApiKey,
} from "../../operations/api-keys/authenticate.ts";
import type { Deps } from "../../operations/deps.ts";

const MAX_LENGTH = 256;
const BEARER = /^bearer +(.*)$/i;

/** Whose key the request has, as a bearer token or in `X-Api-Key`. */
export async function authenticate(
  deps: Deps,
  headers: Asked["headers"],
): Promise<AuthenticatedKey> {
  const apiKey = apiKeyOf(headers);
  const known =
    apiKey !== undefined && apiKey.length <= MAX_LENGTH
      ? await authenticateApiKey(deps, "proxgate", apiKey)
      : undefined;
  if (!known) throw new Problem("UNAUTHENTICATED", "Invalid or missing API key");
  return known;
}

/** `undefined` where there is none, or two that differ. Another scheme is for who stands before us. */
function apiKeyOf(headers: Asked["headers"]): string | undefined {
  const [, bearer] = BEARER.exec(headers.authorization ?? "") ?? [];
  const given = [bearer, headers["x-api-key"]].flat().filter((key) => key !== undefined);
  const [first, ...others] = new Set(given.map((key) => key.trim()));
  return others.length === 0 ? first : undefined;
}
