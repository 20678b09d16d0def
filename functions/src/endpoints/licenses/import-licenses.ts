import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { importLicenses as importAll } from "../../operations/licenses/import-licenses.ts";
import { importResult, importRow, invalidRow, type Outcome, resultOf } from "./import-rows.ts";

const MAX_ROWS = 1_000;

export const importLicenses = defineEndpoint({
  name: "importLicenses",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Import licenses with the keys their customers have",
  description:
    "Each row stands for itself and has its result. Repeat a call that failed: a row whose key is there for the same product and e-mail succeeds as `EXISTS`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [],
  input: z
    .strictObject({
      licenses: z
        .array(importRow, "must be a list of licenses")
        .min(1, "must hold at least one license")
        .max(MAX_ROWS, `must hold at most ${MAX_ROWS} licenses`),
    })
    .meta({ id: "ImportLicensesRequest" }),
  output: z
    .object({
      success: z.literal(true).meta({ description: "The call's; each row has its own `ok`." }),
      importedCount: z.int().meta({ description: "Licenses made by this call.", example: 1 }),
      results: z.array(importResult),
    })
    .meta({ id: "ImportLicensesResponse" }),
  async handle(deps, input, principal) {
    const asks = input.licenses.flatMap((row) => (row.ask ? [row.ask] : []));
    const outcomes = (await importAll(deps, principal, asks)).values();
    const results = input.licenses.map((row, index) =>
      row.ask ? resultOf(index, outcomes.next().value as Outcome) : invalidRow(index, row.other),
    );
    const importedCount = results.filter(({ ok, code }) => ok && code === undefined).length;
    return { success: true as const, importedCount, results };
  },
});
