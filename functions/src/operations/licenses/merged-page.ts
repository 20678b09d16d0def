import type { License } from "../../core/records.ts";
import { encodeCursor } from "../../store/collection.ts";
import { licenses } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

type Stretch = { readonly contains: string; readonly items: License[]; more: boolean };

/**
 * A page of the licenses that are filed under any of the facets, newest first; no license may be under two. All
 * queries share one order, and so one cursor. Under one facet a page costs its documents, under several at most
 * about twice as many.
 */
export async function mergedPage(
  { store }: Pick<Deps, "store">,
  facets: readonly string[],
  ask: PageAsk,
): Promise<Page<License>> {
  const [only, ...others] = facets;
  if (only !== undefined && others.length === 0) {
    return store.query(licenses, "byFacet", { contains: only, ...ask });
  }
  const { limit, after, skip = 0 } = ask;
  const wanted = skip + limit;
  const step = Math.max(1, Math.ceil(wanted / facets.length));
  const stretches: Stretch[] = facets.map((contains) => ({ contains, items: [], more: true }));
  const extend = async (stretch: Stretch) => {
    const last = stretch.items.at(-1);
    const page = await store.query(licenses, "byFacet", {
      contains: stretch.contains,
      limit: step,
      after: last ? cursorOf(last) : after,
    });
    stretch.items.push(...page.items);
    stretch.more = page.next !== undefined;
  };
  await Promise.all(stretches.map(extend));
  for (;;) {
    const merged = stretches.flatMap(({ items }) => items).sort(newestFirst);
    const items = merged.slice(skip, wanted);
    const end = items.at(-1);
    // Beyond the end of a stretch there may be one that belongs before the page's last.
    const open = stretches.filter(
      ({ items, more }) =>
        more && (merged.length < wanted || !end || newestFirst(items.at(-1) ?? end, end) < 0),
    );
    if (open.length === 0) {
      const full = merged.length > wanted || stretches.some(({ more }) => more);
      return { items, next: full && end ? cursorOf(end) : undefined };
    }
    await Promise.all(open.map(extend));
  }
}

const cursorOf = ({ createdAt, keyHash }: License): string =>
  encodeCursor({ value: createdAt, id: keyHash });

export const newestFirst = (a: License, b: License): number =>
  b.createdAt - a.createdAt || (a.keyHash < b.keyHash ? 1 : a.keyHash === b.keyHash ? 0 : -1);
