import { accept, type Decision, refuse } from "../../core/decision.ts";
import { variantName } from "../../core/licenses.ts";
import type { LicenseType, Product, Variant } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import { owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "./find-product.ts";
import { variantIdOf } from "./find-variant.ts";

export type CreateVariantAsk = {
  readonly productId: string;
  readonly name: string;
  readonly label?: string | undefined;
  readonly licenseType?: LicenseType | undefined;
  readonly maxMachines?: number | undefined;
  readonly maxConcurrent?: number | undefined;
  readonly durationDays?: number | undefined;
  readonly active?: boolean | undefined;
  readonly creatorId?: string | undefined;
};

/** Makes a tier of a product: what its licenses are like unless they say otherwise. */
export async function createVariant(
  deps: Deps,
  principal: Principal,
  ask: CreateVariantAsk,
): Promise<Decision<{ product: Product; variant: Variant }>> {
  const owner = owningAccount(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ product: Product; variant: Variant }>> => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const { product } = found;
    const name = variantName(product.handle, ask.name);
    const id = variantIdOf(product.id, name);
    if (await tx.get(variants, id)) return refuse("VARIANT_TAKEN", { field: "name" });
    const variant: Variant = {
      id,
      productId: product.id,
      accountId: product.accountId,
      name,
      label: ask.label ?? name,
      licenseType: ask.licenseType ?? null,
      maxMachines: ask.maxMachines ?? null,
      maxConcurrent: ask.maxConcurrent ?? null,
      durationDays: ask.durationDays ?? null,
      active: ask.active ?? true,
      createdAt: now,
      updatedAt: now,
    };
    tx.create(variants, variant);
    audit(tx, {
      accountId: product.accountId,
      action: "variant.create",
      targetId: id,
      before: null,
      after: variant,
    });
    return accept({ product, variant });
  });
}
