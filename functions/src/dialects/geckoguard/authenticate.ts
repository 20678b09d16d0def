import type { GeckoguardScope } from "../../core/api-keys.ts";
import { Problem } from "../../http/problem.ts";
import type { Asked } from "../../http/router.ts";
import { authenticateApiKey } from "../../operations/api-keys/authenticate.ts";
import type { Deps } from "../../operations/deps.ts";
import { hasScope, type Principal } from "../../operations/principal.ts";
import { countApiCall } from "../../operations/stats/usage-counters.ts";
import { type Limits, limitAddress } from "./limits.ts";

/** Who asks with an API key: one product's. */
export type KeyCaller = {
  readonly principal: Extract<Principal, { kind: "account" }>;
  readonly keyId: string;
  readonly productId: string;
  readonly limits: Limits;
};

const MAX_LENGTH = 256;

export const unauthorized = (message: string) => new Problem("UNAUTHENTICATED", message);

/** Counts the request where it comes from, finds whose key it has, and counts it there. */
export async function admitKey(deps: Deps, asked: Asked): Promise<KeyCaller> {
  const limits = await limitAddress(deps, asked);
  const given = asked.headers["x-api-key"];
  const known =
    typeof given === "string" && given.length <= MAX_LENGTH
      ? await authenticateApiKey(deps, "geckoguard", given)
      : undefined;
  const productId = known?.principal.productIds?.[0];
  if (!known || productId === undefined) throw unauthorized("Missing or invalid API key");
  asked.notes.keyUse(known.use);
  const { principal } = known;
  // A key that is used up must not use up its product's other keys.
  await limits.take("key", principal.keyId);
  await limits.take("product", productId);
  countApiCall(deps, { accountId: principal.accountId, productId });
  return { principal, keyId: principal.keyId, productId, limits };
}

/** Throws `FORBIDDEN` where the key is another product's. */
export function bindTo(caller: KeyCaller, productId: string): void {
  if (caller.productId === productId) return;
  throw new Problem("FORBIDDEN", "API key is not bound to this product");
}

/** Throws `PERMISSION_DENIED` where the key may not do that. */
export function requireScope({ principal }: KeyCaller, scope: GeckoguardScope): void {
  if (hasScope(principal, scope)) return;
  throw new Problem("FORBIDDEN", `API key does not have permission: ${scope}`, {
    word: "PERMISSION_DENIED",
  });
}
