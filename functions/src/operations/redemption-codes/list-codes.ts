import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import {
  type CodeStatus,
  codeFilter,
  foldCode,
  type RedemptionCode,
} from "../../core/redemption-codes.ts";
import { redemptionCodes } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

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

export type CodesPageAsk = CodeFilterAsk & PageNumber;

/** A page by its number, with the number of all codes. */
export async function listCodesPage(
  deps: Deps,
  product: Product,
  { page, pageSize, ...filter }: CodesPageAsk,
): Promise<{ codes: readonly RedemptionCode[]; total: number }> {
  const { status = "", search = "" } = filter;
  const { items, total } = await pageByNumber(deps, {
    page,
    pageSize,
    list: ["codes", product.id, status, foldCode(search)],
    accountId: product.accountId,
    count: () => countCodes(deps, product, filter),
    query: (ask) => codePage(deps, product, { ...filter, ...ask }),
  });
  return { codes: items, total };
}
