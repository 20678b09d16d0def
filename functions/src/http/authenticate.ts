import type { IncomingHttpHeaders } from "node:http";
import { sameSecret } from "../crypto/vault.ts";
import { type Authenticated, authenticateApiKey } from "../operations/api-keys/authenticate.ts";
import type { Deps } from "../operations/deps.ts";
import { hasScope, isProductBound, type Principal } from "../operations/principal.ts";
import type { AnyEndpointSpec } from "./endpoint.ts";
import { Problem } from "./problem.ts";
import type { Fields } from "./request.ts";

type Credentials = { readonly adminSecret: unknown; readonly apiKey: unknown };

/**
 * Takes the credentials out of a request: `adminSecret` from the body or `X-Admin-Secret`, `apiKey`
 * from the body, the query or `X-API-Key`. What is left is the input; without a body it is the query.
 * Throws `UNAUTHENTICATED` for an `adminSecret` in the URL, which proxies log.
 */
export function takeCredentials(
  headers: IncomingHttpHeaders,
  query: Fields,
  body: Fields | undefined,
): { credentials: Credentials; rest: Fields } {
  if (query["adminSecret"] !== undefined) {
    throw new Problem("UNAUTHENTICATED", "adminSecret: send it in the body or X-Admin-Secret");
  }
  const { adminSecret, apiKey, ...rest } = body ?? query;
  return {
    credentials: {
      adminSecret: adminSecret ?? headers["x-admin-secret"],
      apiKey: apiKey ?? query["apiKey"] ?? headers["x-api-key"],
    },
    rest,
  };
}

export const withoutCredential = () =>
  new Problem("UNAUTHENTICATED", "Send an apiKey or the adminSecret");

/** Who asks. Throws `UNAUTHENTICATED` when no credential is good. */
export async function authenticate(
  deps: Pick<Deps, "store" | "vault" | "now">,
  adminSecret: string,
  credentials: Credentials,
): Promise<Authenticated> {
  if (credentials.adminSecret !== undefined) {
    const given = credentials.adminSecret;
    if (typeof given === "string" && adminSecret !== "" && sameSecret(given, adminSecret)) {
      return { principal: { kind: "administrator" } };
    }
    throw new Problem("UNAUTHENTICATED", "adminSecret is not valid");
  }
  if (credentials.apiKey === undefined) {
    throw withoutCredential();
  }
  const known =
    typeof credentials.apiKey === "string" && credentials.apiKey.length <= 256
      ? await authenticateApiKey(deps, "native", credentials.apiKey)
      : undefined;
  if (!known) throw new Problem("UNAUTHENTICATED", "apiKey is not valid");
  return known;
}

/** Throws `FORBIDDEN` when a good credential is not the kind this function wants. */
export function authorize(spec: AnyEndpointSpec, principal: Principal): void {
  if (spec.access === "public" || spec.access === "webhook" || principal.kind === "administrator")
    return;
  if (spec.access === "administrator") {
    throw new Problem("FORBIDDEN", "Only the adminSecret may do this");
  }
  if (!hasScope(principal, spec.scope)) {
    throw new Problem("FORBIDDEN", `The apiKey lacks the scope ${spec.scope}`);
  }
  if (spec.accountWide && isProductBound(principal)) {
    throw new Problem("FORBIDDEN", "The apiKey is bound to products; this needs the whole account");
  }
}
