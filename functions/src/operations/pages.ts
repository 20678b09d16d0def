import { derivedId } from "../crypto/vault.ts";
import { listPages } from "../store/collections.ts";
import type { Page, PageAsk } from "../store/document-store.ts";
import type { Deps } from "./deps.ts";

const PAGE_LIFE_MS = 600_000;

/** Both from 1 on. */
export type PageNumber = { readonly page: number; readonly pageSize: number };

/**
 * A page by its number, with the number of all there is. A page is noted where the one before it ends; one
 * that was not come to that way is counted off from the beginning.
 */
export async function pageByNumber<T>(
  deps: Deps,
  ask: PageNumber & {
    /** What tells the list from every other: its kind, whose it is and the filters. */
    readonly list: readonly string[];
    readonly accountId: string;
    readonly count: () => Promise<number>;
    /** A query with an order. */
    readonly query: (page: PageAsk) => Promise<Page<T>>;
  },
): Promise<{ items: readonly T[]; total: number }> {
  const { store } = deps;
  const { page, pageSize, accountId } = ask;
  const now = deps.now();
  const idOf = (at: number) => derivedId("list-page", ...ask.list, `${pageSize}`, `${at}`);
  const skip = (page - 1) * pageSize;
  const [total, noted] = await Promise.all([
    ask.count(),
    page > 1 ? store.get(listPages, idOf(page)) : undefined,
  ]);
  if (skip >= total) return { items: [], total };
  const isGood = noted?.total === total && noted.expireAt > now;
  const { items, next } = await ask.query({
    limit: pageSize,
    ...(isGood ? { after: noted.after } : { skip }),
  });
  if (next !== undefined && skip + pageSize < total) {
    const id = idOf(page + 1);
    const record = { id, accountId, total, after: next, expireAt: now + PAGE_LIFE_MS };
    deps.aside(() => store.commit([{ kind: "set", collection: listPages, record }]));
  }
  return { items, total };
}
