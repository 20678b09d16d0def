import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { csvChunks, jsonChunks } from "../../http/exports.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { Streamed } from "../../http/streamed.ts";
import { exportLicenses as read } from "../../operations/licenses/export-licenses.ts";
import type { ListedLicense } from "../../operations/licenses/list-licenses.ts";
import { licenseFilters } from "./filters.ts";
import { listedRecord, listedShape } from "./records.ts";

const COLUMNS = Object.keys(listedShape.shape) as (keyof typeof listedShape.shape)[];

export const exportLicenses = defineEndpoint({
  name: "exportLicenses",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "licenses:read",
  summary: "All licenses as a file, newest first",
  description:
    "Streamed, whatever its size; a fault breaks the connection off, so a file that ends is whole. In CSV (RFC 4180) a text " +
    "that a spreadsheet would run as a formula has an apostrophe before it, and `unlockedProducts` are separated by spaces.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND"],
  streams: {
    "text/csv": z.string().meta({ description: "A row of names, then a row for each license." }),
    "application/json": z.array(listedShape),
  },
  input: z
    .strictObject({
      ...licenseFilters,
      format: z.enum(["csv", "json"], 'must be "csv" or "json"').optional().meta({
        description: "`csv` when left out.",
        example: "csv",
      }),
    })
    .meta({ id: "ExportLicensesRequest" }),
  output: z.instanceof(Streamed),
  async handle(deps, { format, ...filters }, principal) {
    const decision = await read(deps, principal, filters);
    if (!decision.ok) return decision;
    const { pages } = decision;
    const now = deps.now();
    const record = (listed: ListedLicense) => listedRecord(listed, now);
    return format === "json"
      ? new Streamed({
          contentType: "application/json; charset=utf-8",
          filename: "licenses.json",
          chunks: jsonChunks(pages, record),
        })
      : new Streamed({
          contentType: "text/csv; charset=utf-8; header=present",
          filename: "licenses.csv",
          chunks: csvChunks(COLUMNS, pages, record),
        });
  },
});
