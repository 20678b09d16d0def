import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { EndUser } from "../../core/end-users.ts";
import type { License } from "../../core/records.ts";
import { endUsers, licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** An end user with the licenses that are told of, newest first. */
export type Holder = { readonly endUser: EndUser; readonly licenses: readonly License[] };

/** Asked for in one query; Firestore refuses more. */
const AT_ONCE = 30;
/** Of so many end users together; who has more than that is shown the newest. */
const MOST_LICENSES = 1_000;

/** The end users with their licenses: all of them, or those of a product. */
export async function withLicenses(
  { store }: Pick<Deps, "store">,
  people: readonly EndUser[],
  productId: string | null,
): Promise<Holder[]> {
  const having = people.filter(({ productIds }) => productIds.length > 0).map(({ id }) => id);
  const lots = Array.from({ length: Math.ceil(having.length / AT_ONCE) }, (_, lot) =>
    having.slice(lot * AT_ONCE, (lot + 1) * AT_ONCE),
  );
  const found = await Promise.all(
    lots.map((endUserId) =>
      store.query(licenses, "byEndUser", { equal: { endUserId }, limit: MOST_LICENSES }),
    ),
  );
  const told = found
    .flatMap(({ items }) => items)
    .filter((license) => productId === null || license.productId === productId);
  return people.map((endUser) => ({
    endUser,
    licenses: told.filter(({ endUserId }) => endUserId === endUser.id),
  }));
}

/** An end user of the account; with a product, one who has a license of it. */
export async function findEndUser(
  deps: Pick<Deps, "store">,
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
