import * as z from "zod";
import type { SaleLine } from "../core/payments.ts";
import { licenseType, slots } from "../fields/input.ts";
import { name, whole } from "./fields.ts";

export const optionalId = name.nullish().transform((value) => value ?? null);
export const optionalText = z.string().nullish();
/** Stripe's seconds as milliseconds. */
export const seconds = z
  .int()
  .min(0)
  .max(253_402_300_799)
  .transform((given) => given * 1_000);

const named = z.string().trim().min(1).max(500);
/** Metadata is text throughout. */
const soldTerms = z.object({
  productId: named.optional(),
  product_id: named.optional(),
  variant: named.optional(),
  email: named.optional(),
  quantity: whole(1, 1_000).optional(),
  licenseType: licenseType.optional(),
  maxMachines: whole(-1, 1_000_000).pipe(slots).optional(),
  durationDays: whole(1, 36_500).optional(),
  trialDays: whole(1, 36_500).optional(),
  discountCode: named.optional(),
});
export const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) =>
    Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value.trim() !== "")),
  );
export type Terms = z.output<typeof soldTerms>;

/** The terms in several objects' metadata; the later ones count for more. */
export const readTerms = (...given: readonly z.output<typeof metadata>[]): Terms =>
  z.object({ metadata: soldTerms }).parse({ metadata: Object.assign({}, ...given) }).metadata;

/** Each id under the name of its kind; what is null is left out. */
export const references = (ids: Record<string, string | null>): string[] =>
  Object.entries(ids).flatMap(([kind, value]) => (value === null ? [] : [`${kind}:${value}`]));

export const productOf = (given: Terms) => given.productId ?? given.product_id ?? null;
export const line = (given: Terms, sold: readonly string[], quantity: number): SaleLine => ({
  productId: productOf(given),
  variant: given.variant ?? null,
  sold,
  hint: null,
  quantity: given.quantity ?? quantity,
});
export const termsOf = (given: Terms) => ({
  licenseType: given.licenseType ?? null,
  maxMachines: given.maxMachines ?? null,
  durationDays: given.durationDays ?? null,
  trialDays: given.trialDays ?? null,
  discountCode: given.discountCode ?? null,
});
