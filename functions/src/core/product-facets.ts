import { type Standing, standingAt } from "./licenses.ts";
import type { License } from "./records.ts";

// What lists by page numbers find the licenses of one product by. Their totals are counts, so that a facet has to hold
// just what is meant; where none does, the licenses of a wider one are looked at.

export type ProductFilter = {
  readonly productId: string;
  readonly standing?: Standing | undefined;
  readonly endUserId?: string | undefined;
  /** The beginning of a text; case, spaces and hyphens do not matter. */
  readonly search?: string | undefined;
  /** Whose address and user name are searched, too; else key and note alone. */
  readonly seesOwners: boolean;
};

/** Up to here every beginning has its facet. */
const COUNTED_LENGTH = 8;
/** Longer ones that have one, to look at few licenses for a long search. */
const LONGER = [12, 16, 20, 24];

const SEARCH = "product-search";
/** Whether somebody who could tell the facet would know a part of the key. */
export const mayHoldKey = (facet: string): boolean => facet.startsWith(`["${SEARCH}"`);

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

const holderFacet = (productId: string, endUserId: string | null, standing: Standing | null) =>
  filed("product-holder", productId, endUserId, standing);
const searchFacet = (
  productId: string,
  seesOwners: boolean,
  beginning: string,
  standing: Standing | null,
) => filed(SEARCH, productId, seesOwners ? "owners" : null, beginning, standing);

/** Every one it is found by, as it stands at that time. */
export function productFacets(license: License, licenseKey: string, now: number): string[] {
  const { productId, endUserId } = license;
  const standing = standingAt(license, now);
  const holders = endUserId === null ? [null] : [null, endUserId];
  return [
    ...holders.flatMap((holder) =>
      [null, standing].map((at) => holderFacet(productId, holder, at)),
    ),
    ...[false, true].flatMap((seesOwners) => {
      const texts = new Set(textsOf(license, licenseKey, seesOwners).flatMap(beginnings));
      return [...texts].flatMap((text) =>
        (text.length > COUNTED_LENGTH ? [null] : [null, standing]).map((at) =>
          searchFacet(productId, seesOwners, text, at),
        ),
      );
    }),
  ];
}

/** The facet that holds what is meant, or more unless `exact`: then `isMeant` tells. */
export function productFacetSought(filter: ProductFilter): { facet: string; exact: boolean } {
  const { productId, standing = null, endUserId = null, seesOwners } = filter;
  const text = foldSearch(filter.search ?? "");
  if (text === "" || endUserId !== null) {
    return { facet: holderFacet(productId, endUserId, standing), exact: text === "" };
  }
  const exact = text.length <= COUNTED_LENGTH;
  const beginning = beginnings(text).at(-1) ?? text;
  return { facet: searchFacet(productId, seesOwners, beginning, exact ? standing : null), exact };
}

export function isMeant(
  license: License,
  licenseKey: string,
  { productId, standing, endUserId, search, seesOwners }: ProductFilter,
  now: number,
): boolean {
  const sought = foldSearch(search ?? "");
  return (
    license.productId === productId &&
    (standing === undefined || standingAt(license, now) === standing) &&
    (endUserId === undefined || license.endUserId === endUserId) &&
    textsOf(license, licenseKey, seesOwners).some((text) => text.startsWith(sought))
  );
}
