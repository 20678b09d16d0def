import { type Standing, standingAt } from "./licenses.ts";
import type { License } from "./records.ts";

// What lists by page numbers find the licenses of one product or one account by. Their totals are counts, so that a facet has to hold
// just what is meant; where none does, the licenses of a wider one are looked at.

/** All licenses of the product, or of the account. With `seesOwners` addresses and user names are searched, too; else key and note alone. */
export type Within =
  | { readonly productId: string; readonly seesOwners: boolean }
  | { readonly accountId: string; readonly seesOwners: true };

export type ProductFilter = Within & {
  readonly standing?: Standing | undefined;
  readonly endUserId?: string | undefined;
  /** The beginning of a text; case, spaces and hyphens do not matter. */
  readonly search?: string | undefined;
};

/** Up to here every beginning has its facet. */
const COUNTED_LENGTH = 8;
/** Longer ones that have one, to look at few licenses for a long search. */
const LONGER = [12, 16, 20, 24];

const SEARCH = /^\["(?:product|account)-search"/;
/** Whether somebody who could tell the facet would know a part of the key. */
export const mayHoldKey = (facet: string): boolean => SEARCH.test(facet);

type Scope = readonly [kind: "product" | "account", id: string];

const scopeOf = (within: Within): Scope =>
  "productId" in within ? ["product", within.productId] : ["account", within.accountId];

const filed = (...parts: readonly (string | null)[]): string => JSON.stringify(parts);

const foldSearch = (text: string): string => text.toLowerCase().replaceAll(/[\s-]/g, "");

const textsOf = (license: License, licenseKey: string, seesOwners: boolean): string[] => [
  ...[licenseKey, license.note ?? ""].map(foldSearch),
  ...(seesOwners ? [license.email, license.ownerName ?? ""].map(foldSearch) : []),
];

const beginnings = (text: string): string[] =>
  [...Array.from({ length: COUNTED_LENGTH }, (_, n) => n + 1), ...LONGER]
    .filter((length) => length <= text.length)
    .map((length) => text.slice(0, length));

const holderFacet = ([kind, id]: Scope, endUserId: string | null, standing: Standing | null) =>
  filed(`${kind}-holder`, id, endUserId, standing);
const searchFacet = (
  [kind, id]: Scope,
  seesOwners: boolean,
  beginning: string,
  standing: Standing | null,
) => filed(`${kind}-search`, id, seesOwners ? "owners" : null, beginning, standing);

/** Every one it is found by, as it stands at that time. */
export function productFacets(license: License, licenseKey: string, now: number): string[] {
  const { productId, accountId } = license;
  const of = scoped(license, licenseKey, standingAt(license, now));
  return [...of(["product", productId], [false, true]), ...of(["account", accountId], [true])];
}

/** The same within a scope, for those who see owners and those who do not. */
const scoped =
  (license: License, licenseKey: string, standing: Standing) =>
  (scope: Scope, viewers: readonly boolean[]): string[] => {
    const { endUserId } = license;
    const holders = endUserId === null ? [null] : [null, endUserId];
    return [
      ...holders.flatMap((holder) => [null, standing].map((at) => holderFacet(scope, holder, at))),
      ...viewers.flatMap((seesOwners) => {
        const texts = new Set(textsOf(license, licenseKey, seesOwners).flatMap(beginnings));
        return [...texts].flatMap((text) =>
          (text.length > COUNTED_LENGTH ? [null] : [null, standing]).map((at) =>
            searchFacet(scope, seesOwners, text, at),
          ),
        );
      }),
    ];
  };

/** The facet that holds what is meant, or more unless `exact`: then `isMeant` tells. */
export function productFacetSought(filter: ProductFilter): { facet: string; exact: boolean } {
  const { standing = null, endUserId = null, seesOwners } = filter;
  const scope = scopeOf(filter);
  const text = foldSearch(filter.search ?? "");
  if (text === "" || endUserId !== null) {
    return { facet: holderFacet(scope, endUserId, standing), exact: text === "" };
  }
  const exact = text.length <= COUNTED_LENGTH;
  const beginning = beginnings(text).at(-1) ?? text;
  return { facet: searchFacet(scope, seesOwners, beginning, exact ? standing : null), exact };
}

export function isMeant(
  license: License,
  licenseKey: string,
  filter: ProductFilter,
  now: number,
): boolean {
  const { standing, endUserId, search, seesOwners } = filter;
  const [kind, id] = scopeOf(filter);
  const sought = foldSearch(search ?? "");
  return (
    license[`${kind}Id`] === id &&
    (standing === undefined || standingAt(license, now) === standing) &&
    (endUserId === undefined || license.endUserId === endUserId) &&
    textsOf(license, licenseKey, seesOwners).some((text) => text.startsWith(sought))
  );
}
