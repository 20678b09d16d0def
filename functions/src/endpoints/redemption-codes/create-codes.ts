import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createCodes as create } from "../../operations/redemption-codes/create-codes.ts";
import { productId } from "../fields.ts";
import { drawnFields, drawnOrGiven, givenCodes } from "./batch.ts";
import { codeExpiry } from "./records.ts";

export const createCodes = defineEndpoint({
  name: "createCodes",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  summary: "Create redemption codes, or import given ones",
  description:
    "Either `count` codes are drawn, or `codes` are taken as they are and those that the product has are left alone. " +
    "They are written some hundred at a time: when a call fails half way, repeat it. A list can be repeated as it is; " +
    "draws need the same `Idempotency-Key`, and then never come to more than `count`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      productId,
      ...drawnFields,
      codes: givenCodes.optional(),
      expiresAt: codeExpiry,
    })
    .superRefine(drawnOrGiven)
    .meta({ id: "CreateCodesRequest" }),
  output: z
    .object({
      success: z.literal(true),
      created: z.int().meta({ example: 1 }),
      duplicates: z.int().meta({
        description: "Given codes that came twice or were there.",
        example: 0,
      }),
      codes: z.array(z.string()).meta({ description: "Those created.", example: ["SPRING7K4XQ2"] }),
    })
    .meta({ id: "CreateCodesResponse" }),
  async handle(deps, { codes: texts, count = 0, prefix, suffix, length, ...ask }, principal) {
    const what = texts ? { texts } : { count, form: { prefix, suffix, length } };
    const decision = await create(deps, principal, { ...ask, ...what });
    if (!decision.ok) return decision;
    const { texts: codes, duplicates } = decision;
    return { success: true as const, created: codes.length, duplicates, codes: [...codes] };
  },
});
