import type { Site } from "../../core/sites.ts";
import { sameSecret } from "../../crypto/vault.ts";
import { sites } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";
import { uuidOf } from "../products/find-product.ts";

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN = /^[\w-]{64}$/;

/** A token leads to its site, so that it is read by id; what opens it is hashed there. */
export function newSiteToken(
  deps: Pick<Deps, "vault" | "randomBytes">,
  siteId: string,
): { token: string; tokenHash: string } {
  const id = Buffer.from(siteId.replaceAll("-", ""), "hex");
  const token = Buffer.concat([id, deps.randomBytes(SECRET_BYTES)]).toString("base64url");
  return { token, tokenHash: deps.vault.hash("site-token", token) };
}

/** The site that the token opens, if it is one of the principal's. */
export async function siteOfToken(
  deps: Pick<Deps, "vault">,
  reader: Reader,
  principal: Principal,
  token: string,
): Promise<Site | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url").subarray(0, ID_BYTES);
  const site = await reader.get(sites, uuidOf(bytes.toString("hex")) ?? "");
  if (site?.status !== "active" || site.tokenHash === null) return undefined;
  if (!mayReach(principal, site.accountId, site.productId ?? undefined)) return undefined;
  return sameSecret(deps.vault.hash("site-token", token), site.tokenHash) ? site : undefined;
}
