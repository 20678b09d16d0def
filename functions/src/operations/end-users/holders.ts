import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { EndUser } from "../../core/end-users.ts";
import { productFacetSought } from "../../core/product-facets.ts";
import type { License } from "../../core/records.ts";
import { endUsers, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { facetToken } from "../licenses/facets.ts";

/** An end user with the licenses that are told of, newest first. */
export type Holder = { readonly endUser: EndUser; readonly licenses: readonly License[] };

/** Asked for in one query; Firestore refuses more. */
const AT_ONCE = 30;
/** Who has more is shown the newest. */
const MOST_LICENSES = 1_000;

type Reads = Pick<Deps, "store" | "vault">;

/** The end users with their licenses: all of them, or those of a product. */
export async function withLicenses(
  deps: Reads,
  people: readonly EndUser[],
  productId: string | null,
): Promise<Holder[]> {
  const having = people.filter(({ productIds }) => productIds.length > 0).map(({ id }) => id);
  const lots = Array.from({ length: Math.ceil(having.length / AT_ONCE) }, (_, lot) =>
    having.slice(lot * AT_ONCE, (lot + 1) * AT_ONCE),
  );
  const found = await Promise.all(lots.map((lot) => licensesOf(deps, lot, productId)));
  const told = found.flat();
  return people.map((endUser) => ({
    endUser,
    licenses: told.filter(({ endUserId }) => endUserId === endUser.id),
  }));
}

/** Where somebody has so many that others' do not fit into one query, each is asked for alone. */
async function licensesOf(
  deps: Reads,
  endUserIds: readonly string[],
  productId: string | null,
): Promise<License[]> {
  const { items, next } = await deps.store.query(licenses, "byEndUser", {
    equal: { endUserId: endUserIds },
    limit: MOST_LICENSES,
  });
  const found =
    next === undefined
      ? items
      : (await Promise.all(endUserIds.map((id) => newestOf(deps, id, productId)))).flat();
  return found.filter((license) => productId === null || license.productId === productId);
}

async function newestOf(deps: Reads, endUserId: string, productId: string | null) {
  const limit = MOST_LICENSES;
  if (productId === null) {
    const equal = { endUserId };
    return (await deps.store.query(licenses, "byEndUser", { equal, limit })).items;
  }
  const { facet } = productFacetSought({ productId, endUserId, seesOwners: true });
  const contains = facetToken(deps, facet);
  const { items } = await deps.store.query(licenses, "byFacet", { contains, limit });
  return items.filter((license) => license.endUserId === endUserId);
}

/** An end user of the account; with a product, one who has a license of it. */
export async function findEndUser(
  deps: Reads,
  ask: {
    readonly accountId: string;
    readonly productId: string | null;
    readonly endUserId: string;
  },
): Promise<Decision<Holder>> {
  const { accountId, productId, endUserId } = ask;
  const endUser = await deps.store.get(endUsers, endUserId);
  const isMeant =
    endUser?.accountId === accountId &&
    (productId === null || endUser.productIds.includes(productId));
  const [holder] = isMeant ? await withLicenses(deps, [endUser], productId) : [];
  return holder ? accept(holder) : refuse("END_USER_NOT_FOUND");
}
