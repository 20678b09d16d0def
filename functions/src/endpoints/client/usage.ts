import * as z from "zod";
import type { Usage } from "../../operations/activations/usage.ts";

export const tokenField = z.string().meta({
  description: "An RS256 JWT; check it offline with the key of `getSigningKey`.",
  example: "eyJhbGciOiJSUzI1NiIsImtpZCI6...",
});

export const usageFields = {
  machinesUsed: z.int().meta({
    description: "Machines activated, this one included; on a floating license, seats taken.",
    example: 2,
  }),
  maxMachines: z.int().meta({ description: "The limit; -1 is unlimited.", example: 3 }),
};

export const usageOf = (usage: Usage) => ({ machinesUsed: usage.used, maxMachines: usage.limit });
