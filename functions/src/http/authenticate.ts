import type { IncomingHttpHeaders } from "node:http";
import { sameSecret } from "../crypto/vault.ts";
import { authenticateApiKey } from "../operations/api-keys/authenticate.ts";
import type { Deps } from "../operations/deps.ts";
import type { Principal } from "../operations/principal.ts";
import { Problem } from "./problem.ts";
import type { Fields } from "./request.ts";

type Credentials = { readonly adminSecret: unknown; readonly apiKey: unknown };

/**
 * Takes the credentials out of a request: `adminSecret` from the body or `X-Admin-Secret`, `apiKey`
 * from the body, the query or `X-API-Key`. What is left is the input.
 */
export function takeCredentials(
  headers: IncomingHttpHeaders,
  query: Fields,
  fields: Fields,
): { credentials: Credentials; rest: Fields } {
  const { adminSecret, apiKey, ...rest } = fields;
  return {
    credentials: {
      adminSecret: adminSecret ?? headers["x-admin-secret"],
      apiKey: apiKey ?? query["apiKey"] ?? headers["x-api-key"],
    },
    rest,
  };
}

/** Who asks. Throws `UNAUTHENTICATED` when no credential is good. */
export async function authenticate(
  deps: Pick<Deps, "store" | "vault">,
  adminSecret: string,
  credentials: Credentials,
): Promise<Principal> {
  if (credentials.adminSecret !== undefined) {
    const given = credentials.adminSecret;
    if (typeof given === "string" && adminSecret !== "" && sameSecret(given, adminSecret)) {
      return { kind: "administrator" };
    }
    throw new Problem("UNAUTHENTICATED", "adminSecret is not valid");
  }
  if (credentials.apiKey === undefined) {
    throw new Problem("UNAUTHENTICATED", "Send an apiKey or the adminSecret");
  }
  const principal =
    typeof credentials.apiKey === "string" && credentials.apiKey.length <= 256
      ? await authenticateApiKey(deps, credentials.apiKey)
      : undefined;
  if (!principal) throw new Problem("UNAUTHENTICATED", "apiKey is not valid");
  return principal;
}
