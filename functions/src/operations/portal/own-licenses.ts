import { NEVER_AUTHORIZED } from "../../core/authorizations.ts";
import { policyOf } from "../../core/policies.ts";
import type { License, Product } from "../../core/records.ts";
import { type ResetState, resetState } from "../../core/resets.ts";
import { licenses, products } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

/** A license as the customer who has it sees it. */
export type OwnLicense = {
  readonly license: License;
  readonly product: Product | undefined;
  readonly hwidResets: ResetState;
};

/** A page of the end user's licenses, newest first, with the number of all. */
export async function listOwnLicenses(
  deps: Deps,
  endUser: { readonly id: string; readonly accountId: string },
  page: PageNumber,
): Promise<{ licenses: readonly OwnLicense[]; total: number }> {
  const { id: endUserId, accountId } = endUser;
  const equal = { endUserId };
  const { items, total } = await pageByNumber<License>(deps, {
    ...page,
    list: ["own-licenses", endUserId],
    accountId,
    count: () => deps.store.count(licenses, "byEndUser", { equal }),
    query: (at) => deps.store.query(licenses, "byEndUser", { equal, ...at }),
  });
  return { licenses: await asOwn(deps.store, items, deps.now()), total };
}

export async function asOwn(
  reader: Reader,
  found: readonly License[],
  now: number,
): Promise<OwnLicense[]> {
  const ids = [...new Set(found.map(({ productId }) => productId))];
  const known = await reader.getMany(products, ids);
  return found.map((license) => {
    const product = known[ids.indexOf(license.productId)];
    const { hwidResets: budget } = policyOf(product?.defaultPolicy ?? null, license.policyOverride);
    const { hwidResets } = license.authorization ?? NEVER_AUTHORIZED;
    return { license, product, hwidResets: resetState(hwidResets, budget, now) };
  });
}
