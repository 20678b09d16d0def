import * as z from "zod";
import { graceDaysOf } from "../../core/products.ts";
import type { Product } from "../../core/records.ts";
import { handle, productId, text } from "../fields.ts";

const MOST_IDS = 100;
const MOST_UNLOCKS = 50;
const MOST_GRACE_DAYS = 60;

const providerId = text(200).trim().min(1, "must not be blank");
const soldAs = z.union(
  [
    providerId.transform((id) => ({ id, variant: null })),
    z.strictObject({ id: providerId, variant: handle(128).nullable().optional() }),
  ],
  "must be an id of at most 200 characters, or {id, variant}",
);
const idsAt = (description: string, example: string) =>
  z
    .array(soldAs, "must be a list of ids")
    .max(MOST_IDS, `must name at most ${MOST_IDS} ids`)
    .refine((ids) => new Set(ids.map(({ id }) => id)).size === ids.length, "must name each id once")
    .optional()
    .meta({ description, example: [{ id: example, variant: "pro" }] });

const quantity = z.enum(["seats", "keys"], 'must be "seats" or "keys"').meta({
  description:
    "What buying n of it makes: one license with n times the slots (`seats`, the default), or n licenses (`keys`).",
  example: "seats",
});

const graceDays = z
  .int("must be a whole number")
  .min(0, "must be at least 0")
  .max(MOST_GRACE_DAYS, `must be at most ${MOST_GRACE_DAYS}`)
  .meta({
    description:
      "How many days the license of a subscription goes on as `degraded` past its `expiresAt`; 3 unless set.",
    example: 3,
  });

/** What a product says about its sales; what is left out stays as it is. */
export const salesFields = {
  paymentIds: z
    .strictObject(
      {
        stripe: idsAt("Prices, products or payment links.", "price_1Nabc"),
        gumroad: idsAt("Permalinks or product ids.", "cloudtools"),
        lemonSqueezy: idsAt("Variants or products.", "184321"),
        paddle: idsAt("Prices or products.", "pri_01habc"),
        polar: idsAt("Prices or products.", "5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11"),
      },
      "must be an object",
    )
    .optional()
    .meta({
      description:
        "What payment providers call it, with the variant that is sold under an id. A list replaces that " +
        "provider's; providers left out stay. An id is one product's in the whole service.",
    }),
  unlocks: z
    .array(productId, "must be a list of product ids")
    .max(MOST_UNLOCKS, `must name at most ${MOST_UNLOCKS} products`)
    .optional()
    .meta({
      description:
        "Makes it a bundle: other products of the account that its new licenses are good for.",
      example: ["prod_def456"],
    }),
  quantity: quantity.optional(),
  graceDays: graceDays
    .nullable()
    .optional()
    .meta({
      description: `0 to ${MOST_GRACE_DAYS}; how many days the license of a subscription goes on as \`degraded\` past its \`expiresAt\`. Null is the default, 3.`,
      example: 3,
    }),
};

const shownIds = (example: string) =>
  z
    .array(z.object({ id: z.string(), variant: z.string().nullable() }))
    .meta({ example: [{ id: example, variant: "pro" }] });

/** The same as admin answers show it. */
export const salesShape = {
  paymentIds: z.object({
    stripe: shownIds("price_1Nabc"),
    gumroad: shownIds("cloudtools"),
    lemonSqueezy: shownIds("184321"),
    paddle: shownIds("pri_01habc"),
    polar: shownIds("5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11"),
  }),
  unlocks: z.array(z.string()).meta({
    description: "Handles of the products that its licenses are good for besides.",
    example: ["prod_def456"],
  }),
  quantity,
  graceDays,
};

export function salesRecord(product: Product) {
  const idsOf = (provider: Product["paymentIds"][number]["provider"]) =>
    product.paymentIds
      .filter((known) => known.provider === provider)
      .map(({ id, variant }) => ({ id, variant }));
  return {
    paymentIds: {
      stripe: idsOf("stripe"),
      gumroad: idsOf("gumroad"),
      lemonSqueezy: idsOf("lemonSqueezy"),
      paddle: idsOf("paddle"),
      polar: idsOf("polar"),
    },
    unlocks: product.unlocks.map(({ handle }) => handle),
    quantity: product.quantity,
    graceDays: graceDaysOf(product),
  };
}
