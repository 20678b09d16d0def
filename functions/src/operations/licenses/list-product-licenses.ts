import type { Product } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import { type FoundLicenses, listByNumber, type NumberedAsk } from "./list-by-number.ts";

/** A page of the product's licenses. */
export const listProductLicenses = (
  deps: Deps,
  { id: productId, accountId }: Pick<Product, "id" | "accountId">,
  { seesOwners, ...ask }: NumberedAsk & { readonly seesOwners: boolean },
): Promise<FoundLicenses> =>
  listByNumber(deps, { accountId, within: [{ productId, seesOwners }] }, ask);
