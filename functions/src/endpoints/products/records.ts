import * as z from "zod";
import { DEFAULT_LIMITS, LEAST_LIMIT, limitsOf, MOST_LIMIT } from "../../core/enforcement.ts";
import { undashed } from "../../core/licenses.ts";
import type { Product, Variant } from "../../core/records.ts";
import { instantOrNone, iso, isoOrNull, licenseType, pastInstant, text } from "../fields.ts";
import { salesRecord, salesShape } from "./sales.ts";

export const slug = text(80)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case words joined by hyphens")
  .meta({ description: "Unique in the account.", example: "cloud-tools" });

export const productStatus = z
  .enum(["live", "unlisted", "archived"], 'must be "live", "unlisted" or "archived"')
  .meta({
    description: "An archived product sells nothing new; its licenses go on.",
    example: "live",
  });

export const productDescription = z
  .union([z.literal(""), text(2_000)], "must be a text of at most 2000 characters")
  .meta({ example: "Brushes and filters." });

export const durationDays = z
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(36_500, "must be at most 36500")
  .meta({
    description: "How long its licenses last; without it they are perpetual.",
    example: 365,
  });

const rule = (description: string) =>
  z
    .int("must be a whole number")
    .max(MOST_LIMIT, `must be at most ${MOST_LIMIT}`)
    .refine(
      (value) => value === 0 || value >= LEAST_LIMIT,
      `must be 0 (off) or at least ${LEAST_LIMIT}`,
    )
    .meta({ description });

const rules = {
  countriesPerDay: rule("Countries a license is used from in a day."),
  newMachinesPerSlot: rule("New machines in 30 days, for each slot of a per-machine license."),
  turnedAwayPerSeat: rule("Machines a full floating pool turns away in a day, for each seat."),
  addressesPerDay: rule("Networks that one machine fingerprint calls from in a day."),
};

/** A product's own limits; null goes back to the default. */
export const enforcement = z
  .strictObject(
    {
      countriesPerDay: rules.countriesPerDay.nullable().optional(),
      newMachinesPerSlot: rules.newMachinesPerSlot.nullable().optional(),
      turnedAwayPerSeat: rules.turnedAwayPerSeat.nullable().optional(),
      addressesPerDay: rules.addressesPerDay.nullable().optional(),
    },
    "must be an object",
  )
  .meta({
    description:
      "What its licenses may show before a rule notices: 2 to 100, 0 turns a rule off, null is the default.",
    example: { countriesPerDay: 5 },
  });

/** A product as admin answers show it (reference, section 11). */
export const productShape = z
  .object({
    productId: z.string().meta({ example: "prod_abc123" }),
    projectId: z.string().meta({
      description: "The product's UUID as 32 hex digits.",
      example: "5f0c2c1e00004000800000000000000a",
    }),
    name: z.string().meta({ example: "Cloud Tools" }),
    slug,
    status: productStatus,
    active: z.boolean().meta({ description: "Whether `status` is `live`.", example: true }),
    description: z.string().meta({ example: "Brushes and filters." }),
    enforcement: z.object(rules).meta({
      description: "The limits that hold, defaults included; 0 is off.",
      example: DEFAULT_LIMITS,
    }),
    ...salesShape,
    enabled: z.boolean().meta({
      description: "Whether its redemption codes can be redeemed.",
      example: true,
    }),
    expiresAt: instantOrNone.meta({
      description: "When its redemption codes end that have no expiry of their own.",
      example: null,
    }),
    createdAt: pastInstant,
  })
  .meta({ id: "Product" });

export const productRecord = (product: Product): z.input<typeof productShape> => ({
  productId: product.handle,
  projectId: undashed(product.id),
  name: product.name,
  slug: product.slug,
  status: product.status,
  active: product.status === "live",
  description: product.description,
  enforcement: limitsOf(product.enforcement),
  ...salesRecord(product),
  enabled: product.enabled,
  expiresAt: isoOrNull(product.expiresAt),
  createdAt: iso(product.createdAt),
});

/** A variant as admin answers show it; null leaves the term to the default. */
export const variantShape = z
  .object({
    variantId: z.string().meta({ example: "prod_abc123-pro" }),
    name: z.string().meta({ description: "The label.", example: "Pro" }),
    licenseType: licenseType.nullable(),
    maxMachines: z.int().nullable().meta({ example: 3 }),
    maxConcurrent: z.int().nullable().meta({ example: null }),
    durationDays: z.int().nullable().meta({ example: 365 }),
    active: z.boolean().meta({ example: true }),
  })
  .meta({ id: "Variant" });

export const variantIdText = (product: Product, variant: Variant): string =>
  `${product.handle}-${variant.name}`;

export const variantRecord = (
  product: Product,
  variant: Variant,
): z.input<typeof variantShape> => ({
  variantId: variantIdText(product, variant),
  name: variant.label,
  licenseType: variant.licenseType,
  maxMachines: variant.maxMachines,
  maxConcurrent: variant.maxConcurrent,
  durationDays: variant.durationDays,
  active: variant.active,
});
