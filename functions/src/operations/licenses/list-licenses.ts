import { accept, type Decision } from "../../core/decision.ts";
import { facetsSought, type LicenseFilter, matches } from "../../core/license-facets.ts";
import { variantName } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { encodeCursor } from "../../store/collection.ts";
import { licenses } from "../../store/collections.ts";
import { accountToList } from "../accounts.ts";
import { usageNow } from "../activations/usage.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { facetToken } from "./facets.ts";

/** Licenses one page may look at when a filter is checked on the record; then it ends short. */
const MAX_SCANNED = 500;
const SCAN_SIZE = 100;

/** `productId` is a reference and `creatorId` an account, as the caller names them. */
export type LicenseFilterAsk = Omit<LicenseFilter, "accountId" | "productIds"> & {
  readonly productId?: string | undefined;
  readonly creatorId?: string | undefined;
};

export type ListedLicense = {
  readonly license: License;
  readonly licenseKey: string;
  /** Machines, or seats of a floating license. */
  readonly machinesUsed: number;
};

export type LicensePage = {
  /** Newest first. */
  readonly licenses: readonly ListedLicense[];
  readonly nextCursor: string | null;
};

/** A page of the licenses the principal may see. */
export async function listLicenses(
  deps: Deps,
  principal: Principal,
  ask: LicenseFilterAsk & { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Decision<LicensePage>> {
  const { limit, cursor, ...wanted } = ask;
  const decision = await licenseFilter(deps, principal, wanted);
  return decision.ok ? accept(await licensePage(deps, decision.filter, limit, cursor)) : decision;
}

/** The filter that was asked for, within what the principal may see. */
export async function licenseFilter(
  deps: Deps,
  principal: Principal,
  ask: LicenseFilterAsk,
): Promise<Decision<{ filter: LicenseFilter }>> {
  const { creatorId, productId, ...rest } = ask;
  const owner = accountToList(principal, creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  if (productId === undefined) {
    const bound = principal.kind === "account" ? principal.productIds : null;
    return accept({ filter: { ...rest, accountId, productIds: bound ?? undefined } });
  }
  const found = await reachProduct(deps.store, principal, { productId, creatorId: accountId });
  if (!found.ok) return found;
  const { product } = found;
  const variant = rest.variant && variantName(product.handle, rest.variant);
  const productIds = [product.id];
  return accept({ filter: { ...rest, variant, accountId: product.accountId, productIds } });
}

export async function licensePage(
  deps: Deps,
  filter: LicenseFilter,
  limit: number,
  cursor?: string | undefined,
): Promise<LicensePage> {
  const tokens = facetsSought(filter).map((facet) => facetToken(deps, facet));
  const found: { license: License; licenseKey: string }[] = [];
  let after = cursor;
  let more = true;
  for (let scanned = 0; more && found.length < limit && scanned < Math.max(limit, MAX_SCANNED); ) {
    const size = Math.max(limit - found.length, scanned === 0 ? 1 : SCAN_SIZE);
    const stretch = await nextLicenses(deps, tokens, size, after);
    more = stretch.more;
    for (const license of stretch.licenses) {
      if (found.length === limit) {
        more = true;
        break;
      }
      after = encodeCursor({ value: license.createdAt, id: license.keyHash });
      const licenseKey = deps.vault.open("license-key", license.keySealed);
      if (matches(license, licenseKey, filter)) found.push({ license, licenseKey });
    }
    scanned += size;
  }
  const used = await Promise.all(found.map(({ license }) => usageNow(deps, license)));
  return {
    licenses: found.map((each, index) => ({ ...each, machinesUsed: used[index]?.used ?? 0 })),
    nextCursor: more && after !== undefined ? after : null,
  };
}

/** The next licenses of any of the facets: their queries share one order, and so one cursor. */
async function nextLicenses(
  deps: Deps,
  tokens: readonly string[],
  size: number,
  after: string | undefined,
): Promise<{ licenses: License[]; more: boolean }> {
  const pages = await Promise.all(
    tokens.map((contains) =>
      deps.store.query(licenses, "byFacet", { contains, limit: size, after }),
    ),
  );
  const byId = new Map(pages.flatMap(({ items }) => items.map((one) => [one.keyHash, one])));
  const merged = [...byId.values()].sort(newestFirst);
  const more = merged.length > size || pages.some(({ next }) => next !== undefined);
  return { licenses: merged.slice(0, size), more };
}

const newestFirst = (a: License, b: License): number =>
  b.createdAt - a.createdAt || (a.keyHash < b.keyHash ? 1 : -1);
