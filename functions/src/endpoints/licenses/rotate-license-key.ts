import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { rotateLicenseKey as rotate } from "../../operations/licenses/rotate-license-key.ts";
import { licenseKey } from "../fields.ts";

export const rotateLicenseKey = defineEndpoint({
  name: "rotateLicenseKey",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Give a license a new key",
  description:
    "The old key is unknown at once, and so are tokens issued under it: machines keep their slots and activate again with the new key. Send an `Idempotency-Key`, so that a lost answer can be had again.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z.strictObject({ licenseKey }).meta({ id: "RotateLicenseKeyRequest" }),
  output: z
    .object({ success: z.literal(true), licenseKey })
    .meta({ id: "RotateLicenseKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await rotate(deps, principal, input.licenseKey);
    return decision.ok ? { success: true as const, licenseKey: decision.licenseKey } : decision;
  },
});
