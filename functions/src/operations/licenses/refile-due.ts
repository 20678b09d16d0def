import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { withFacets } from "./facets.ts";

const PAGE = 100;
const AT_ONCE = 25;
const MAX_LICENSES = 1_000;

/** Whose licenses; of a product or of an account. */
export type Whose = { readonly productId: string } | { readonly accountId: string };

/**
 * Files licenses anew whose standing changed because time went by, so that lists by it agree with
 * the clock. Each in a transaction that looks again; what is done leaves the query.
 */
export async function refileDue(
  deps: Pick<Deps, "store" | "now" | "vault">,
  whose: Whose,
): Promise<void> {
  const now = deps.now();
  for (let done = 0; done < MAX_LICENSES; done += PAGE) {
    const { items, next } = await dueOf(deps, whose, { range: { lte: now }, limit: PAGE });
    for (let from = 0; from < items.length; from += AT_ONCE) {
      const together = items.slice(from, from + AT_ONCE);
      await Promise.all(together.map(({ keyHash }) => refile(deps, keyHash, now)));
    }
    if (next === undefined) return;
  }
}

const refile = (
  { store, vault }: Pick<Deps, "store" | "vault">,
  keyHash: string,
  now: number,
): Promise<void> =>
  store.transaction(async (tx) => {
    const license = await tx.get(licenses, keyHash);
    if (!license || license.refileAt === null || license.refileAt > now) return;
    const licenseKey = vault.open("license-key", license.keySealed);
    tx.set(licenses, withFacets({ vault }, license, licenseKey, now));
  });

const dueOf = (
  { store }: Pick<Deps, "store">,
  whose: Whose,
  page: { readonly range: { readonly lte: number }; readonly limit: number },
) =>
  "productId" in whose
    ? store.query(licenses, "byRefiling", { equal: whose, ...page })
    : store.query(licenses, "ofAccountByRefiling", { equal: whose, ...page });
