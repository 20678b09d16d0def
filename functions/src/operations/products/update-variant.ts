import { accept, type Decision } from "../../core/decision.ts";
import type { LicenseType, Product, Variant } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { findVariant, type VariantReference } from "./find-variant.ts";

export type UpdateVariantAsk = {
  readonly label?: string | undefined;
  readonly licenseType?: LicenseType | null | undefined;
  readonly maxMachines?: number | null | undefined;
  readonly maxConcurrent?: number | null | undefined;
  readonly durationDays?: number | null | undefined;
  readonly active?: boolean | undefined;
};

type Updated = { readonly product: Product; readonly variant: Variant };

/** Changes what new licenses of the variant are like; those there are keep their terms. */
export async function updateVariant(
  deps: Deps,
  principal: Principal,
  reference: VariantReference,
  asked: UpdateVariantAsk,
): Promise<Decision<Updated>> {
  const fields = given(asked);
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Updated>> => {
    const found = await findVariant(tx, principal, reference);
    if (!found.ok) return found;
    const { product, variant: before } = found;
    if (!changes(before, fields)) return found;
    const variant: Variant = { ...before, ...fields, updatedAt: now };
    const { id, accountId } = variant;
    tx.set(variants, variant);
    audit(tx, { accountId, action: "variant.update", targetId: id, before, after: variant });
    return accept({ product, variant });
  });
}
