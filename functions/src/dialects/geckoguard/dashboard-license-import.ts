import * as z from "zod";
import { csvRows } from "../../core/csv.ts";
import { refuse } from "../../core/decision.ts";
import { Problem } from "../../http/problem.ts";
import { type Fields, jsonFields, parseFields, textOf } from "../../http/request.ts";
import type { Asked } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import { importKeys, type KeyRow } from "../../operations/licenses/import-keys.ts";
import { reachProduct } from "../../operations/products/find-product.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import type { Detail } from "./envelope.ts";
import { uuid } from "./fields.ts";
import { expiryIn, importedFields } from "./license-fields.ts";
import { geckoguardSurface } from "./surface.ts";

const MAX_ROWS = 1_000;

const options = {
  productId: uuid.optional(),
  skipDuplicates: z
    .union([z.boolean(), z.enum(["true", "false"])], "must be true or false")
    .optional()
    .transform((given) => (given === undefined ? undefined : String(given) === "true")),
};

type RowError = { readonly row: number; readonly code: string; readonly message: string };

export const importLicenses = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/orgs/:orgId/licenses/import",
  ability: "license.import",
  query: z.object(options),
  fields: (asked) => (isCsv(asked) ? csvFields(asked.body) : jsonFields(asked.body)),
  body: z.object({
    ...options,
    licenses: z
      .array(z.unknown(), "must be a list of licenses")
      .min(1, "must hold at least one license")
      .max(MAX_ROWS, `must hold at most ${MAX_ROWS} licenses`),
  }),
  async handle(deps, { principal }, { query, body }) {
    const productId = body.productId ?? query.productId;
    const skips = body.skipDuplicates ?? query.skipDuplicates ?? false;
    if (productId !== undefined) {
      const reached = await reachProduct(deps.store, principal, { productId });
      if (!reached.ok) return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    }
    const read = body.licenses.map((sent, index) => rowOf(sent, productId, index + 1));
    const good = read.flatMap((one) => ("row" in one ? [] : [one]));
    const outcomes = (await importKeys(deps, principal, good)).values();
    const errors: RowError[] = [];
    let [imported, skipped] = [0, 0];
    for (const [index, one] of read.entries()) {
      if ("row" in one) {
        errors.push(one);
        continue;
      }
      const refusal = outcomes.next().value ?? null;
      if (refusal === null) imported += 1;
      else if (skips && refusal.code === "LICENSE_KEY_TAKEN") skipped += 1;
      else errors.push(errorOf(geckoguardSurface.refusal(refusal), index + 1));
    }
    return { imported, skipped, errors };
  },
});

/** What is to be made of a row, or why nothing. */
function rowOf(sent: unknown, productId: string | undefined, row: number): KeyRow | RowError {
  try {
    const given = parseFields(importedFields, sent as Fields);
    const of = given.productId ?? productId;
    if (of === undefined) throw new Problem("INVALID_REQUEST", "productId: is required");
    const { key, status, note, activatedAt } = given;
    const hold = status === "REVOKED" ? "revoked" : status === "FROZEN" ? "suspended" : null;
    return {
      ...{ productId: of, key, expiry: expiryIn(given), hold },
      ...{ note: note ?? null, activatedAt: activatedAt ?? null },
    };
  } catch (error) {
    if (error instanceof Problem) return { row, code: "VALIDATION_ERROR", message: error.message };
    throw error;
  }
}

function errorOf({ body }: Answer, row: number): RowError {
  const { error } = body as { readonly error: RowError & { readonly details?: Detail[] } };
  const fields = error.details?.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return { row, code: error.code, message: fields ?? error.message };
}

const isCsv = ({ headers }: Asked): boolean =>
  /^text\/csv\b/i.test((headers["content-type"] ?? "").trim());

/** An apostrophe that an export put before what looks like a formula. */
const GUARDED = /^'(?=[=+\-@\t\r\n])/;

/** The licenses of a file with the columns of an export, in any order; what has no column of ours is left out. */
function csvFields(body: Buffer): Fields {
  const rows = csvRows(textOf(body));
  if (!rows) throw new Problem("INVALID_REQUEST", "The body is not valid CSV.");
  const [head = [], ...lines] = rows;
  const names = Object.keys(importedFields.shape);
  const licenses = lines
    .filter((cells) => cells.some((cell) => cell !== ""))
    .map((cells) =>
      Object.fromEntries(
        head.flatMap((name, index) => {
          const cell = (cells[index] ?? "").replace(GUARDED, "");
          return names.includes(name) && cell !== "" ? [[name, typed(name, cell)]] : [];
        }),
      ),
    );
  return { licenses };
}

const typed = (name: string, cell: string): string | number =>
  name === "expiresAfterDays" && /^\d+$/.test(cell) ? Number(cell) : cell;
