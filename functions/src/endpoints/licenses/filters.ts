import * as z from "zod";
import { email, handle, licenseType, listedCreatorId, productId, text } from "../fields.ts";

/** What licenses are listed by; all that is given must hold. */
export const licenseFilters = {
  productId: productId.optional(),
  email: email.optional(),
  status: z
    .enum(
      ["active", "degraded", "suspended", "revoked"],
      'must be "active", "degraded", "suspended" or "revoked"; whether a license is expired follows from expiresAt',
    )
    .optional()
    .meta({ example: "active" }),
  variant: handle(128).optional().meta({ description: "Case does not matter.", example: "pro" }),
  licenseType: licenseType.optional(),
  search: text(254).trim().min(3, "must have at least 3 characters").optional().meta({
    description: "The beginning of the e-mail address or of the key.",
    example: "artist@",
  }),
  creatorId: listedCreatorId,
};
