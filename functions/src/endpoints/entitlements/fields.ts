import { email, productId, text } from "../fields.ts";

/** Which grant is meant. */
export const grantFields = {
  email: email.meta({
    description: "Of a user of the dashboard, who may be yet to register.",
    example: "artist@example.com",
  }),
  productId,
  feature: text(100).trim().min(1, "must not be blank").meta({ example: "export" }),
};
