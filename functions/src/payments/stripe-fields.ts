import * as z from "zod";
import {
  type PaymentEvent,
  paymentEvent,
  type SaleLine,
  type Translated,
} from "../core/payments.ts";

export const id = z.string().min(1).max(255);
export const optionalId = id.nullish().transform((value) => value ?? null);
export const optionalText = z.string().nullish();
/** Stripe's seconds as milliseconds. */
export const instant = z
  .int()
  .min(0)
  .max(253_402_300_799)
  .transform((seconds) => seconds * 1_000);

/** Metadata is text throughout. */
const whole = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .trim()
    .regex(/^-?\d{1,7}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
};
const named = z.string().trim().min(1).max(500);
const soldTerms = z.object({
  productId: named.optional(),
  product_id: named.optional(),
  variant: named.optional(),
  email: named.optional(),
  quantity: whole(1, 1_000).optional(),
  licenseType: z.enum(["per-machine", "floating", "site"]).optional(),
  maxMachines: whole(-1, 1_000_000)
    .refine((value) => value !== 0, "must be -1 (unlimited) or at least 1")
    .optional(),
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

export const event = (
  said: Pick<PaymentEvent, "kind" | "references"> & Partial<PaymentEvent>,
): Translated => ({ state: "event", event: paymentEvent(said) });
export const ignored = (reason: string): Translated => ({ state: "ignored", reason });
export const unusable = (reason: string): Translated => ({ state: "unusable", reason });

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
