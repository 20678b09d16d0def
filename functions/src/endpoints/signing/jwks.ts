import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";

export const jwks = defineEndpoint({
  name: "jwks",
  methods: ["GET"],
  access: "public",
  summary: "Public keys as a JSON Web Key Set",
  description: "Every key whose tokens are accepted, the next one included (RFC 7517).",
  mutates: false,
  cacheSeconds: 300,
  surface: nativeSurface({ failure: "success" }),
  refusals: [],
  input: z.object({}).meta({ id: "JwksRequest" }),
  output: z
    .object({
      keys: z.array(
        z.object({
          kty: z.literal("RSA"),
          kid: z.string().meta({ example: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" }),
          alg: z.literal("RS256"),
          use: z.literal("sig"),
          n: z
            .base64url()
            .meta({ example: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4" }),
          e: z.base64url().meta({ example: "AQAB" }),
        }),
      ),
    })
    .meta({ id: "JwksResponse" }),
  async handle(deps) {
    const keys = await deps.keyring.jwks();
    return {
      keys: keys.map(({ kid = "", n = "", e = "" }) => ({
        kty: "RSA" as const,
        kid,
        alg: "RS256" as const,
        use: "sig" as const,
        n,
        e,
      })),
    };
  },
});
