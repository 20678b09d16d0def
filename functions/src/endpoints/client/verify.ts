import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { verify as verifyLicense } from "../../operations/licenses/verify.ts";
import { licenseKey, licenseType, productId } from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";
import { clientSurface } from "./surface.ts";

export const verify = defineEndpoint({
  name: "verify",
  methods: ["POST"],
  access: "public",
  summary: "Check a license key",
  description: "Says whether the key is good for the product now. Binds no machine.",
  mutates: false,
  surface: clientSurface("valid"),
  refusals: [
    "LICENSE_NOT_FOUND",
    "LICENSE_REVOKED",
    "LICENSE_SUSPENDED",
    "LICENSE_EXPIRED",
    "WRONG_PRODUCT",
  ],
  input: z.object({ licenseKey, productId }).meta({ id: "VerifyRequest" }),
  output: z
    .object({
      valid: z.literal(true),
      ...standingFields,
      licenseType,
      productId: z.string().meta({ example: "prod_abc123" }),
    })
    .meta({ id: "VerifyResponse" }),
  async handle(deps, input) {
    const decision = await verifyLicense(deps, input);
    if (!decision.ok) return decision;
    const { license } = decision;
    return {
      valid: true as const,
      ...standingOf(license, deps.now()),
      licenseType: license.licenseType,
      productId: license.productHandle,
    };
  },
});
