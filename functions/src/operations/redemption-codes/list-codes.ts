import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import {
  type CodeStatus,
  codeFilter,
  foldCode,
  type RedemptionCode,
} from "../../core/redemption-codes.ts";
import { derivedId } from "../../crypto/vault.ts";
import { codePages, redemptionCodes } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

const PAGE_LIFE_MS = 600_000;

/** Which codes of a product; `search` is a part of the text, in whatever case. */
export type CodeFilterAsk = {
  readonly status?: CodeStatus | undefined;
  readonly search?: string | undefined;
};

const matching = (product: Product, { status, search }: CodeFilterAsk, now: number) => {
  const { state, end, range } = codeFilter(status, product, now);
  const equal = { productId: product.id, state };
  return { end, conditions: { equal, substring: foldCode(search ?? ""), bound: range } };
};

/** How many codes; one aggregate query. */
export function countCodes(
  { store, now }: Pick<Deps, "store" | "now">,
  product: Product,
  filter: CodeFilterAsk,
): Promise<number> {
  const { end, conditions } = matching(product, filter, now());
  return store.count(redemptionCodes, end, conditions);
}

/** A page of the product's codes, newest first. */
export function codePage(
  { store, now }: Pick<Deps, "store" | "now">,
  product: Product,
  { status, search, ...page }: CodeFilterAsk & PageAsk,
): Promise<Page<RedemptionCode>> {
  const { end, conditions } = matching(product, { status, search }, now());
  return store.query(redemptionCodes, end, { ...conditions, ...page });
}

/** The same for a principal, who names the product as the vendor does. */
export async function listCodes(
  deps: Deps,
  principal: Principal,
  { productId, ...ask }: CodeFilterAsk & PageAsk & { readonly productId: string },
): Promise<Decision<{ product: Product; page: Page<RedemptionCode> }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const { product } = found;
  return accept({ product, page: await codePage(deps, product, ask) });
}

export type CodesPageAsk = CodeFilterAsk & {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
};

/**
 * A page by its number, with the number of all codes. A page is noted where the one before it ends; one
 * that was not come to that way is counted off from the beginning.
 */
export async function listCodesPage(
  deps: Deps,
  product: Product,
  { page, pageSize, ...filter }: CodesPageAsk,
): Promise<{ codes: readonly RedemptionCode[]; total: number }> {
  const { store } = deps;
  const now = deps.now();
  const { status = "", search = "" } = filter;
  const idOf = (at: number) =>
    derivedId("code-page", product.id, status, foldCode(search), `${pageSize}`, `${at}`);
  const skip = (page - 1) * pageSize;
  const [total, noted] = await Promise.all([
    countCodes(deps, product, filter),
    page > 1 ? store.get(codePages, idOf(page)) : undefined,
  ]);
  if (skip >= total) return { codes: [], total };
  const isGood = noted?.total === total && noted.expireAt > now;
  const start = isGood ? { after: noted.after } : { skip };
  const { items, next } = await codePage(deps, product, { ...filter, limit: pageSize, ...start });
  if (next !== undefined && skip + pageSize < total) {
    const { accountId } = product;
    const record = {
      id: idOf(page + 1),
      accountId,
      total,
      after: next,
      expireAt: now + PAGE_LIFE_MS,
    };
    deps.aside(() => store.commit([{ kind: "set", collection: codePages, record }]));
  }
  return { codes: items, total };
}
