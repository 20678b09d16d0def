import * as z from "zod";
import type { RedemptionCode } from "../../core/redemption-codes.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { csvChunks, jsonChunks } from "../../http/exports.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { Streamed } from "../../http/streamed.ts";
import { exportCodes as read } from "../../operations/redemption-codes/export-codes.ts";
import { redemptionCodeFilters, redemptionCodeRecord, redemptionCodeShape } from "./records.ts";

const COLUMNS = Object.keys(
  redemptionCodeShape.shape,
) as (keyof typeof redemptionCodeShape.shape)[];

export const exportCodes = defineEndpoint({
  name: "exportCodes",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "codes:read",
  summary: "All redemption codes of a product as a file, newest first",
  description:
    "Streamed, whatever its size; a fault breaks the connection off, so a file that ends is whole. In CSV (RFC 4180) a text " +
    "that a spreadsheet would run as a formula has an apostrophe before it.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND"],
  streams: {
    "text/csv": z.string().meta({ description: "A row of names, then a row for each code." }),
    "application/json": z.array(redemptionCodeShape),
  },
  input: z
    .strictObject({
      ...redemptionCodeFilters,
      format: z.enum(["csv", "json"], 'must be "csv" or "json"').optional().meta({
        description: "`csv` when left out.",
        example: "csv",
      }),
    })
    .meta({ id: "ExportCodesRequest" }),
  output: z.instanceof(Streamed),
  async handle(deps, { format, ...filters }, principal) {
    const decision = await read(deps, principal, filters);
    if (!decision.ok) return decision;
    const { pages, product } = decision;
    const now = deps.now();
    const record = (code: RedemptionCode) => redemptionCodeRecord(code, product, now);
    return format === "json"
      ? new Streamed({
          contentType: "application/json; charset=utf-8",
          filename: "codes.json",
          chunks: jsonChunks(pages, record),
        })
      : new Streamed({
          contentType: "text/csv; charset=utf-8; header=present",
          filename: "codes.csv",
          chunks: csvChunks(COLUMNS, pages, record),
        });
  },
});
