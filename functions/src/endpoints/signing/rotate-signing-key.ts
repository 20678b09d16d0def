import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { rotateSigningKey as rotate } from "../../operations/signing/rotate-signing-key.ts";
import { iso, isoInstant, text } from "../fields.ts";

const pem = text(16_384);

export const rotateSigningKey = defineEndpoint({
  name: "rotateSigningKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Make a new signing key",
  description:
    "Published at once, it signs ten minutes later. Tokens under older keys stay good until they " +
    "expire; a key whose tokens have all expired is dropped.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [
    "SIGNING_KEY_INVALID",
    "ROOT_SIGNATURE_INVALID",
    "ROOT_KEY_OFFLINE",
    "SIGNING_KEY_TAKEN",
    "ROOT_KEY_MISMATCH",
    "SIGNING_KEY_NOT_FOUND",
  ],
  input: z
    .strictObject({
      immediately: z
        .boolean("must be true or false")
        .optional()
        .meta({ description: "It signs after 30 seconds.", example: true }),
      revoke: z.boolean("must be true or false").optional().meta({
        description:
          "With `immediately`: drops the key that signs now, and with it every token under it.",
      }),
      revokeKid: text(64)
        .optional()
        .meta({ description: "With `immediately`: drops that key instead." }),
      privateKey: pem.optional().meta({
        description: "A key certified with an offline root (`npm run keys`): PEM, RSA, 2048 bits.",
      }),
      rootSignature: text(2_048).pipe(z.base64("must be base64")).optional(),
      rootPublicKey: pem.optional().meta({ description: "Left out, it is the service's own." }),
      replaceRoot: z.boolean("must be true or false").optional().meta({
        description: "The root that `rootPublicKey` names replaces the service's, for good.",
      }),
    })
    .refine((ask) => ask.immediately || !(ask.revoke || ask.revokeKid !== undefined), {
      path: ["immediately"],
      message: "must be true to revoke a key",
    })
    .refine((ask) => (ask.privateKey === undefined) === (ask.rootSignature === undefined), {
      path: ["rootSignature"],
      message: "goes with privateKey",
    })
    .refine((ask) => ask.privateKey !== undefined || ask.rootPublicKey === undefined, {
      path: ["rootPublicKey"],
      message: "goes with privateKey and rootSignature",
    })
    .refine((ask) => ask.rootPublicKey !== undefined || !ask.replaceRoot, {
      path: ["replaceRoot"],
      message: "goes with rootPublicKey",
    })
    .meta({ id: "RotateSigningKeyRequest" }),
  output: z
    .object({
      success: z.literal(true),
      kid: z.string().meta({ example: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" }),
      activeAt: isoInstant.meta({ description: "From when it signs." }),
    })
    .meta({ id: "RotateSigningKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await rotate(deps, principal, input);
    if (!decision.ok) return decision;
    return { success: true as const, kid: decision.kid, activeAt: iso(decision.activeAt) };
  },
});
