import * as z from "zod";
import type { Product } from "../../core/records.ts";
import {
  CODE_STATUSES,
  codeStatus,
  MAX_CODE_LENGTH,
  type RedemptionCode,
} from "../../core/redemption-codes.ts";
import { expiry, instantOrNone, iso, isoOrNull, pastInstant, productId, text } from "../fields.ts";

export const redemptionCode = text(MAX_CODE_LENGTH).meta({
  description: "Exactly as it is: case and space matter.",
  example: "SPRING7K4XQ2",
});

export const codeExpiry = expiry.optional().meta({
  description: "When the code ends; null is when its product does.",
  example: "2027-12-31T00:00:00Z",
});

/** Which codes of a product are listed. */
export const redemptionCodeFilters = {
  productId,
  status: z
    .enum(CODE_STATUSES, 'must be "unused", "used", "disabled" or "expired"')
    .optional()
    .meta({ example: "unused" }),
  search: z
    .union(
      [z.literal("").transform(() => undefined), text(MAX_CODE_LENGTH)],
      `must be a text of at most ${MAX_CODE_LENGTH} characters`,
    )
    .optional()
    .meta({ description: "A part of the code, in whatever case.", example: "spring" }),
};

export const redemptionCodeReference = { productId, code: redemptionCode };

/** A redemption code as admin answers show it. */
export const redemptionCodeShape = z
  .object({
    codeId: z.string().meta({ example: "660e8400-e29b-81d4-a716-446655440001" }),
    code: z.string().meta({ example: "SPRING7K4XQ2" }),
    status: z.enum(CODE_STATUSES).meta({
      description: "`expired` is an unused code past its expiry or its product's.",
      example: "unused",
    }),
    expiresAt: instantOrNone,
    usedAt: instantOrNone,
    usedBy: z.string().nullable().meta({ example: null }),
    createdAt: pastInstant,
  })
  .meta({ id: "RedemptionCode" });

export const redemptionCodeRecord = (
  code: RedemptionCode,
  product: Product,
  now: number,
): z.input<typeof redemptionCodeShape> => ({
  codeId: code.id,
  code: code.text,
  status: codeStatus(code, product, now),
  expiresAt: isoOrNull(code.expiresAt),
  usedAt: isoOrNull(code.usedAt),
  usedBy: code.usedBy,
  createdAt: iso(code.createdAt),
});
