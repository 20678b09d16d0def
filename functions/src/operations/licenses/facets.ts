import { facetsOf, revealsKey } from "../../core/license-facets.ts";
import { standingEnds } from "../../core/licenses.ts";
import { mayHoldKey, productFacets } from "../../core/product-facets.ts";
import type { License } from "../../core/records.ts";
import { digest } from "../../crypto/vault.ts";
import type { Deps } from "../deps.ts";

/** 66 bits: who shares one by chance is told apart on the record. */
const TOKEN_LENGTH = 11;

/** Where it stands for the beginning of a key it is keyed, and so says nothing of the key. */
export const facetToken = (deps: Pick<Deps, "vault">, facet: string): string =>
  (revealsKey(facet) || mayHoldKey(facet)
    ? deps.vault.hash("license-facet", facet)
    : digest(facet)
  ).slice(0, TOKEN_LENGTH);

/** The same, found by no list until `refileDue` or somebody's change files it. */
export const unfiled = (license: License): License => ({
  ...license,
  facets: [],
  refileAt: license.updatedAt,
});

/**
 * The license with the facets that lists find it by, as it stands at that time. `saveLicense` writes
 * every changed term through here; what changes only counters keeps them as read.
 */
export function withFacets(
  deps: Pick<Deps, "vault">,
  license: License,
  licenseKey: string,
  now = license.updatedAt,
): License {
  const facets = [...facetsOf(license, licenseKey), ...productFacets(license, licenseKey, now)];
  return {
    ...license,
    facets: facets.map((facet) => facetToken(deps, facet)),
    refileAt: standingEnds(license, now),
  };
}
