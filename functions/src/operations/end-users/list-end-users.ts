import { isPlain, isSought, type SoughtEndUsers, textSought } from "../../core/end-user-search.ts";
import type { EndUser } from "../../core/end-users.ts";
import { endUsers } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import { type Holder, withLicenses } from "./holders.ts";

/** End users that are looked at where no query holds just those who are meant. */
const MOST_LOOKED_AT = 1_000;
const LOOKED_AT_ONCE = 100;

export type EndUsersAsk = PageNumber & SoughtEndUsers & { readonly accountId: string };

type Found = { readonly items: readonly EndUser[]; readonly total: number };

/**
 * A page of an account's end users, newest first, with the number of all who are meant. The caller says whose:
 * account and product are taken as given. Exact names, and a text within a product, are looked for among
 * the first thousand whose names have it.
 */
export async function listEndUsers(
  deps: Deps,
  ask: EndUsersAsk,
): Promise<{ endUsers: readonly Holder[]; total: number }> {
  const { items, total } = await (isPlain(ask) ? counted(deps, ask) : lookedFor(deps, ask));
  return { endUsers: await withLicenses(deps, items, ask.productId), total };
}

function counted(deps: Deps, ask: EndUsersAsk): Promise<Found> {
  const { store } = deps;
  const { accountId, productId: contains, page, pageSize } = ask;
  const substring = textSought(ask);
  const list = ["end-users", accountId, contains ?? "", substring];
  if (contains === null) {
    const meant = { equal: { accountId }, substring };
    return pageByNumber<EndUser>(deps, {
      ...{ page, pageSize, list, accountId },
      count: () => store.count(endUsers, "ofAccount", meant),
      query: (at) => store.query(endUsers, "ofAccount", { ...meant, ...at }),
    });
  }
  return pageByNumber<EndUser>(deps, {
    ...{ page, pageSize, list, accountId },
    count: () => store.count(endUsers, "ofProduct", { contains }),
    query: (at) => store.query(endUsers, "ofProduct", { contains, ...at }),
  });
}

async function lookedFor({ store }: Deps, ask: EndUsersAsk): Promise<Found> {
  const { accountId, page, pageSize } = ask;
  // An account has each name and each address once.
  const isOne = ask.username !== undefined || ask.email !== undefined;
  const meant: EndUser[] = [];
  let after: string | undefined;
  for (let seen = 0; seen < MOST_LOOKED_AT; seen += LOOKED_AT_ONCE) {
    const found = await store.query(endUsers, "ofAccount", {
      equal: { accountId },
      substring: textSought(ask),
      limit: LOOKED_AT_ONCE,
      after,
    });
    meant.push(...found.items.filter((one) => isSought(one, ask)));
    after = found.next;
    if (after === undefined || (isOne && meant.length > 0)) break;
  }
  const skip = (page - 1) * pageSize;
  return { items: meant.slice(skip, skip + pageSize), total: meant.length };
}
