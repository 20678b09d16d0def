import { type Refusal, refuse } from "./decision.ts";
import type { Product, Variant } from "./records.ts";

const SUFFIX_LENGTH = 8;

/** The name a product gets when its vendor chose none. */
export const productHandle = (id: string): string => `prod_${id.replaceAll("-", "").slice(0, 12)}`;

/** A slug from the name; when that is taken, one that cannot be. */
export function slugCandidates(name: string, id: string, nameless = "product"): string[] {
  const words = name
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, "");
  const slug = words || nameless;
  return [slug, `${slug}-${id.slice(0, SUFFIX_LENGTH)}`];
}

const DEFAULT_GRACE_DAYS = 3;

/** How long a subscription's license goes on past its expiry. */
export const graceDaysOf = (product: Pick<Product, "graceDays">): number =>
  product.graceDays ?? DEFAULT_GRACE_DAYS;

/** The refusal that a sale meets: what was retired sells nothing new, and its licenses go on. */
export function saleRefusal(
  product: Pick<Product, "status">,
  variant?: Pick<Variant, "active">,
): Refusal | undefined {
  if (product.status === "archived") return refuse("PRODUCT_ARCHIVED", { field: "productId" });
  return variant?.active === false ? refuse("VARIANT_INACTIVE", { field: "variant" }) : undefined;
}
