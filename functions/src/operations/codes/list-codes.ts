import { EVERY_PRODUCT } from "../../core/codes.ts";
import { accept, type Decision } from "../../core/decision.ts";
import type { Code } from "../../core/records.ts";
import { codes } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { type PlaceAsk, placeOf } from "../place.ts";
import type { Principal } from "../principal.ts";

export type ListCodesAsk = PlaceAsk & PageAsk & { readonly kind?: Code["kind"] | undefined };

/** An account's codes, newest first; with a product those that are good for it. */
export async function listCodes(
  { store }: Deps,
  principal: Principal,
  { productId, creatorId, kind, ...page }: ListCodesAsk,
): Promise<Decision<{ page: Page<Code> }>> {
  const place = await placeOf(store, principal, { productId, creatorId });
  if (!place.ok) return place;
  const own = { accountId: place.accountId };
  const read = () => {
    if (!place.product) {
      return kind === undefined
        ? store.query(codes, "byAccount", { equal: own, ...page })
        : store.query(codes, "byKind", { equal: { ...own, kind }, ...page });
    }
    const scope = [place.product.id, EVERY_PRODUCT];
    return kind === undefined
      ? store.query(codes, "byScope", { equal: { ...own, scope }, ...page })
      : store.query(codes, "byKindAndScope", { equal: { ...own, kind, scope }, ...page });
  };
  return accept({ page: await read() });
}
