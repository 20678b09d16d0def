import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";

const pem = z.string().meta({ example: "-----BEGIN PUBLIC KEY-----\n..." });

export const getSigningKey = defineEndpoint({
  name: "getSigningKey",
  methods: ["GET", "POST"],
  access: "public",
  summary: "The signing certificate",
  description:
    "The key that signs session tokens now, with the root key's signature over its PEM " +
    "(RSASSA-PKCS1-v1_5, SHA-256). Clients carry the root key and trust what it signed. Not to be " +
    "cached: from one moment to the next another key signs.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: [],
  input: z.object({}).meta({ id: "GetSigningKeyRequest" }),
  output: z
    .object({
      success: z.literal(true),
      kid: z.string().meta({ example: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" }),
      alg: z.literal("RS256"),
      publicKey: pem,
      rootSignature: z.base64().meta({ example: "V2hhdCB0aGUgcm9vdCBrZXkgc2lnbmVk" }),
      rootPublicKey: pem,
    })
    .meta({ id: "GetSigningKeyResponse" }),
  async handle(deps) {
    const certificate = await deps.keyring.certificate();
    return { success: true as const, alg: "RS256" as const, ...certificate };
  },
});
