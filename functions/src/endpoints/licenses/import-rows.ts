import * as z from "zod";
import { nativeSurface } from "../../http/native-surface.ts";
import { Problem } from "../../http/problem.ts";
import { type Fields, parseFields } from "../../http/request.ts";
import type { importLicenses } from "../../operations/licenses/import-licenses.ts";
import { instant, licenseKey } from "../fields.ts";
import { licenseStatus } from "./records.ts";
import { newLicenseFields } from "./terms.ts";

const row = z
  .strictObject(
    {
      licenseKey: licenseKey
        .refine((key) => key.trim() !== "", "must not be blank")
        .meta({ description: "Kept as given; a key of any shape will do." }),
      ...newLicenseFields,
      status: licenseStatus.optional(),
      purchasedAt: instant
        .optional()
        .meta({ description: "ISO 8601.", example: "2026-11-20T09:00:00Z" }),
    },
    "must be an object",
  )
  .meta({ id: "ImportLicenseRow" });

/** A bad row is an answer in its place, not the end of the request. */
export const importRow = z.union([
  row.transform((ask) => ({ ask, other: undefined })),
  z
    .unknown()
    .meta({ description: "Any other row gets its own `INVALID_REQUEST`." })
    .transform((other) => ({ ask: undefined, other })),
]);

export const importResult = z
  .object({
    index: z.int().meta({ description: "The row, from 0.", example: 0 }),
    ok: z.boolean().meta({ example: true }),
    licenseKey: z.string().optional().meta({
      description: "As the license has it.",
      example: "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD",
    }),
    code: z.string().optional().meta({
      description:
        "`EXISTS` of an imported row that was there; else why not: `INVALID_REQUEST`, `PRODUCT_NOT_FOUND`, `LICENSE_KEY_TAKEN`.",
    }),
    error: z.string().optional(),
  })
  .meta({ id: "ImportLicenseResult" });

type Result = z.input<typeof importResult>;
export type Outcome = Awaited<ReturnType<typeof importLicenses>>[number];
const surface = nativeSurface({ failure: "success" });

export function resultOf(index: number, outcome: Outcome): Result {
  if (!outcome.ok) {
    const { error } = surface.refusal(outcome).body as { error: string };
    return { index, ok: false, code: outcome.code, error };
  }
  const { licenseKey: key, existed } = outcome;
  return { index, ok: true, licenseKey: key, ...(existed ? { code: "EXISTS" } : {}) };
}

export function invalidRow(index: number, other: unknown): Result {
  try {
    parseFields(row, other as Fields);
  } catch (error) {
    if (error instanceof Problem) {
      return { index, ok: false, code: error.code, error: error.message };
    }
    throw error;
  }
  throw new TypeError("The row is valid.");
}
