import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { withFacets } from "./facets.ts";
import { type Swept, sweepLicenses } from "./sweep-licenses.ts";

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
    await refile(
      deps,
      items.map(({ keyHash }) => keyHash),
    );
    if (next === undefined) return;
  }
}

/** Files those of them that are due. */
export async function refile(
  deps: Pick<Deps, "store" | "now" | "vault">,
  keyHashes: readonly string[],
): Promise<void> {
  const now = deps.now();
  for (let from = 0; from < keyHashes.length; from += AT_ONCE) {
    const together = keyHashes.slice(from, from + AT_ONCE).map((keyHash) =>
      deps.store.transaction(async (tx) => {
        const license = await tx.get(licenses, keyHash);
        if (license) refileIn(deps, tx, license, now);
      }),
    );
    await Promise.all(together);
  }
}

/** Files what is due of all accounts. */
export const refileAll = (deps: Deps, { maxLicenses }: { maxLicenses: number }): Promise<Swept> =>
  sweepLicenses(deps, {
    query: "allByRefiling",
    maxLicenses,
    settle: (tx, license, _, now) => refileIn(deps, tx, license, now),
  });

function refileIn(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  license: License,
  now: number,
): boolean {
  if (license.refileAt === null || license.refileAt > now) return false;
  const licenseKey = deps.vault.open("license-key", license.keySealed);
  tx.set(licenses, withFacets(deps, license, licenseKey, now));
  return true;
}

const dueOf = (
  { store }: Pick<Deps, "store">,
  whose: Whose,
  page: { readonly range: { readonly lte: number }; readonly limit: number },
) =>
  "productId" in whose
    ? store.query(licenses, "byRefiling", { equal: whose, ...page })
    : store.query(licenses, "ofAccountByRefiling", { equal: whose, ...page });
