import * as z from "zod";
import { EVERY_PRODUCT } from "../../core/codes.ts";
import type { Code } from "../../core/records.ts";
import {
  creatorId,
  cursor,
  expiry,
  iso,
  isoInstant,
  isoOrNull,
  pageLimit,
  pastInstant,
  productId,
  text,
} from "../fields.ts";

export const code = z.string("must be a string").trim().pipe(text(64)).meta({
  description: "Unique in the account; case and surrounding space do not matter.",
  example: "SPRING-K7X4",
});

export const codeProduct = z
  .union(
    [z.literal("").transform(() => undefined), z.null().transform(() => undefined), productId],
    "must be a product's id, or empty for every product",
  )
  .optional()
  .meta({ description: "Without it the code is for every product.", example: "prod_abc123" });

/** Which codes a list shows. */
export const codeFilters = {
  productId: codeProduct.meta({ description: "Only codes that are good for this product." }),
  creatorId: creatorId.optional().meta({ description: "Only codes of this account." }),
  limit: pageLimit,
  cursor,
};

/** What says which code is meant. */
export const codeReference = {
  code,
  productId: productId.optional().meta({
    description: "With the admin secret: the product whose account the code is of.",
  }),
  creatorId: creatorId.optional().meta({ description: "The account the code is of." }),
};

export const trialDays = z
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(3_650, "must be at most 3650")
  .meta({ example: 14 });

const MAX_USES = "must be a whole number of at least 1, or null or -1 for unlimited";
/** What creating and updating a code of either kind may set. */
export const codeLimits = {
  maxUses: z
    .union(
      [
        z.literal(-1).transform(() => null),
        z.null(),
        z.int(MAX_USES).min(1, MAX_USES).max(1_000_000_000, MAX_USES),
      ],
      MAX_USES,
    )
    .optional()
    .meta({ description: "Null or -1 is unlimited.", example: 100 }),
  expiresAt: expiry.optional().meta({
    description: "When the code itself ends; null is never.",
    example: "2027-12-31T00:00:00Z",
  }),
  active: z.boolean("must be true or false").optional().meta({ example: true }),
};

const hundredths = (value: number) => Math.round(value * 100) / 100 === value;
const HUNDREDTHS = "must have at most two decimals";
export const discountFields = {
  percentOff: z
    .number("must be a number")
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .refine(hundredths, HUNDREDTHS)
    .optional()
    .meta({ example: 20 }),
  amountOff: z
    .number("must be a number")
    .positive("must be more than 0")
    .max(1_000_000_000, "must be at most 1000000000")
    .refine(hundredths, HUNDREDTHS)
    .optional()
    .meta({ description: "In the main unit of `currency`.", examples: [9.99] }),
  currency: z
    .string("must be a string")
    .trim()
    .toUpperCase()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code of three letters")
    .optional()
    .meta({ description: "Required with `amountOff`.", examples: ["EUR"] }),
};

type Discount = {
  readonly percentOff?: number | undefined;
  readonly amountOff?: number | undefined;
  readonly currency?: string | undefined;
};

/** A share of the price, or an amount of a currency. */
export function oneDiscount(given: Discount, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message });
  if (given.percentOff !== undefined && given.amountOff !== undefined) {
    refuse("amountOff", "must not come with percentOff");
  } else if (given.amountOff !== undefined && given.currency === undefined) {
    refuse("currency", "is required");
  } else if (given.amountOff === undefined && given.currency !== undefined) {
    refuse("currency", "goes with amountOff only");
  }
}

/** A trial code as admin answers show it (reference, section 12). */
export const trialCodeShape = z
  .object({
    code: z.string().meta({ example: "SPRING-K7X4" }),
    productId: z.string().nullable().meta({
      description: "Null is every product.",
      example: "prod_abc123",
    }),
    trialDays: z.int().meta({ example: 14 }),
    maxUses: z.int().nullable().meta({ description: "Null is unlimited.", example: 100 }),
    usedCount: z.int().meta({ example: 0 }),
    expiresAt: isoInstant.nullable(),
    active: z.boolean().meta({ example: true }),
    createdAt: pastInstant,
    creatorId: z.string().meta({ example: "studio-one" }),
  })
  .meta({ id: "TrialCode" });

/** A code of either kind. */
export const codeShape = trialCodeShape
  .extend({
    kind: z.enum(["discount", "trial"]).meta({ example: "discount" }),
    trialDays: z.int().nullable().meta({ example: 14 }),
    percentOff: z.number().nullable().meta({ example: 20 }),
    amountOff: z.number().nullable().meta({ example: null }),
    currency: z.string().nullable().meta({ example: null }),
  })
  .meta({ id: "Code" });

const shared = (record: Code) => ({
  code: record.code,
  productId: record.scope === EVERY_PRODUCT ? null : record.productHandle,
  maxUses: record.maxUses,
  usedCount: record.usedCount,
  expiresAt: isoOrNull(record.expiresAt),
  active: record.active,
  createdAt: iso(record.createdAt),
  creatorId: record.accountId,
});

export const trialCodeRecord = (record: Code): z.input<typeof trialCodeShape> => ({
  ...shared(record),
  trialDays: record.trialDays ?? 0,
});

export const codeRecord = (record: Code): z.input<typeof codeShape> => ({
  ...shared(record),
  kind: record.kind,
  trialDays: record.trialDays,
  percentOff: record.percentOff,
  amountOff: record.amountOff,
  currency: record.currency,
});
