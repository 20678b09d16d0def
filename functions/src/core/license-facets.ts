import type { License } from "./records.ts";

// A list query finds licenses by one facet: the text of a combination of filters that holds of them.

/** Which licenses a list shows; what is left out does not matter. */
export type LicenseFilter = {
  readonly accountId?: string | undefined;
  /** Any of these. */
  readonly productIds?: readonly string[] | undefined;
  readonly email?: string | undefined;
  readonly status?: License["status"] | undefined;
  readonly variant?: string | undefined;
  readonly licenseType?: License["licenseType"] | undefined;
  /** The beginning of the e-mail address or of the key. */
  readonly search?: string | undefined;
};

type Traits = Pick<LicenseFilter, "status" | "variant" | "licenseType">;

const SEARCH_LENGTH = 3;
const EMAIL_PREFIX_LENGTH = 15;
const KEY_PREFIX_LENGTH = 5;

const facet = (...parts: readonly (string | undefined)[]): string =>
  JSON.stringify(parts.map((part) => part ?? null));

const KEY_PREFIX = "key-prefix";
/** Whether somebody who could tell the facet would know a part of the key. */
export const revealsKey = (text: string): boolean => text.startsWith(`["${KEY_PREFIX}"`);

const inAll = "all";
const inAccount = (accountId: string): string => facet("account", accountId);
const inProduct = (productId: string): string => facet("product", productId);

const traitFacet = (scope: string, { status, variant, licenseType }: Traits): string =>
  facet("traits", scope, status, variant?.toLowerCase(), licenseType);
const emailFacet = (scope: string, email: string): string => facet("email", scope, email);
const emailPrefixFacet = (scope: string, prefix: string): string =>
  facet("email-prefix", scope, prefix);
const keyPrefixFacet = (scope: string, prefix: string): string => facet(KEY_PREFIX, scope, prefix);

/** Keys of any shape, without what does not matter in those we make. */
const foldKey = (key: string): string =>
  key.replaceAll(/[\s-]/g, "").toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1");

const prefixes = (text: string, longest: number): string[] =>
  Array.from({ length: Math.max(0, Math.min(longest, text.length) - SEARCH_LENGTH + 1) }, (_, n) =>
    text.slice(0, SEARCH_LENGTH + n),
  );

const either = <T>(value: T): (T | undefined)[] => [undefined, value];

/** Every facet the license is found by. */
export function facetsOf(license: License, licenseKey: string): string[] {
  const wide = [inAll, inAccount(license.accountId)];
  const facets = wide.flatMap((scope) => [
    emailFacet(scope, license.email),
    ...prefixes(license.email, EMAIL_PREFIX_LENGTH).map((text) => emailPrefixFacet(scope, text)),
    ...prefixes(foldKey(licenseKey), KEY_PREFIX_LENGTH).map((text) => keyPrefixFacet(scope, text)),
  ]);
  for (const scope of [...wide, inProduct(license.productId)])
    for (const status of either(license.status))
      for (const variant of either(license.variant))
        for (const licenseType of either(license.licenseType))
          facets.push(traitFacet(scope, { status, variant, licenseType }));
  return facets;
}

/**
 * The facets that together hold every license the filter means: one, or two for a search that may
 * mean an address or a key, or one for each of several products. They may hold more than it means, so `matches` has the last word.
 */
export function facetsSought(filter: LicenseFilter): string[] {
  const { accountId, productIds, email, search } = filter;
  const wide = accountId === undefined ? inAll : inAccount(accountId);
  if (email !== undefined) return [emailFacet(wide, email)];
  if (search !== undefined) {
    const key = foldKey(search);
    const mayBeKey = key.length >= SEARCH_LENGTH && !key.includes("@");
    return [
      emailPrefixFacet(wide, search.toLowerCase().slice(0, EMAIL_PREFIX_LENGTH)),
      ...(mayBeKey ? [keyPrefixFacet(wide, key.slice(0, KEY_PREFIX_LENGTH))] : []),
    ];
  }
  return (productIds?.map(inProduct) ?? [wide]).map((scope) => traitFacet(scope, filter));
}

/** Whether the license is one the filter means. */
export function matches(license: License, licenseKey: string, filter: LicenseFilter): boolean {
  const { search, variant, productIds, ...exact } = filter;
  const fields = Object.entries(exact) as [keyof typeof exact, string | undefined][];
  return (
    fields.every(([field, wanted]) => wanted === undefined || license[field] === wanted) &&
    (productIds === undefined || productIds.includes(license.productId)) &&
    (variant === undefined || license.variant.toLowerCase() === variant.toLowerCase()) &&
    (search === undefined || found(license.email, licenseKey, search))
  );
}

function found(email: string, licenseKey: string, search: string): boolean {
  const key = foldKey(search);
  return (
    email.startsWith(search.toLowerCase()) ||
    (key.length >= SEARCH_LENGTH && foldKey(licenseKey).startsWith(key))
  );
}
