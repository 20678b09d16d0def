import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import type { RedemptionCode } from "../../core/redemption-codes.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { type CodeFilterAsk, codePage } from "./list-codes.ts";

const PAGE_SIZE = 500;

/** All codes of the filter, newest first, read as they are taken. */
export async function exportCodes(
  deps: Deps,
  principal: Principal,
  { productId, ...filter }: CodeFilterAsk & { readonly productId: string },
): Promise<Decision<{ product: Product; pages: AsyncIterable<readonly RedemptionCode[]> }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  return accept({ product: found.product, pages: pagesOf(deps, found.product, filter) });
}

async function* pagesOf(deps: Deps, product: Product, filter: CodeFilterAsk) {
  let after: string | undefined;
  do {
    const page = await codePage(deps, product, { ...filter, limit: PAGE_SIZE, after });
    yield page.items;
    after = page.next;
  } while (after !== undefined);
}
