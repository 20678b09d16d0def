import * as z from "zod";
import { MAX_FILE_BYTES } from "../../core/product-files.ts";
import { readForm } from "../../http/form.ts";
import { Problem } from "../../http/problem.ts";
import { parseFields } from "../../http/request.ts";
import type { Asked } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { deleteProductFile } from "../../operations/product-files/delete-file.ts";
import { dropFile, keepFile } from "../../operations/product-files/keep-file.ts";
import { listProductFiles } from "../../operations/product-files/list-files.ts";
import { recordFile } from "../../operations/product-files/record-file.ts";
import { answered } from "./answered.ts";
import { admitMember, type DashboardRoute, dashboardRoute } from "./dashboard-route.ts";
import { idsOf } from "./define-route.ts";
import { success } from "./envelope.ts";
import { name, text, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";
import { fileItem } from "./product-file-records.ts";
import { geckoguardSurface } from "./surface.ts";
import { productPath as whose } from "./whose.ts";

export const FILES = "/v1/dashboard/product-files/products/:productId";
/** What a form has beside its file. */
const FORM_BYTES = 1_048_576;

export const filename = text(255).min(1, "is required");

export const listFiles = dashboardRoute({
  method: "GET",
  path: FILES,
  ability: "file.read",
  whose,
  query: z.object(paging()),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listProductFiles(deps, principal, { ...ids, ...query });
    if (!listed.ok) return listed;
    const { files, total } = listed;
    return { files: files.map(fileItem), ...pagination({ ...query, total }) };
  },
});

export const deleteFile = dashboardRoute({
  method: "DELETE",
  path: `${FILES}/:fileId`,
  ability: "file.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const deleted = await deleteProductFile(deps, principal, ids);
    return deleted.ok ? { deleted: true } : deleted;
  },
});

// Forms send what was left empty.
const optionalId = z
  .string("must be a UUID")
  .transform((given) => (given === "" ? null : given))
  .pipe(uuid.nullable())
  .default(null);
const form = z.object({
  name,
  versionId: optionalId,
  planId: optionalId,
  public: z.enum(["true", "false", ""], 'must be "true" or "false"').default("false"),
  filename,
});

/** A form with a file, which is kept as it comes in. */
export const uploadFile: DashboardRoute = {
  method: "POST",
  path: FILES,
  ability: "file.change",
  streams: true,
  async handle(deps, asked) {
    const { productId = "" } = asked.parts;
    const ids = idsOf({ productId });
    const admitted = await admitMember(deps, asked, { ability: "file.change", ...ids });
    if ("status" in admitted) return admitted;
    refuseLarge(asked);
    const { principal, user } = admitted.caller;
    const read = await readForm(asked, (file) => keepFile(deps, principal, { ...ids, ...file }));
    const { kept: keeping } = read;
    if (!keeping) throw missingFile();
    if (!keeping.ok) return geckoguardSurface.refusal(keeping);
    const { kept } = keeping;
    let recorded = false;
    const record = async (inner: Deps): Promise<Answer> => {
      const fields = parseFields(form, { ...read.fields, filename: kept.filename });
      const about = { ...fields, public: fields.public === "true" };
      recorded = true;
      const { name, versionId, planId } = about;
      const made = await recordFile(inner, principal, {
        kept,
        about: { name, versionId, planId, public: about.public },
      });
      return made.ok
        ? { status: 201, body: success({ file: fileItem(made.file) }) }
        : geckoguardSurface.refusal(made);
    };
    try {
      const { filename, sha256 } = kept;
      return await answered(deps, asked, user.userId, record, () => [
        read.fields,
        filename,
        sha256,
      ]);
    } finally {
      // The form was wrong, or the answer is that of an earlier request.
      if (!recorded) await dropFile(deps, kept);
    }
  },
};

function refuseLarge({ headers }: Asked): void {
  if (Number(headers["content-length"] ?? 0) > MAX_FILE_BYTES + FORM_BYTES) {
    throw new Problem("PAYLOAD_TOO_LARGE", `The file is larger than ${MAX_FILE_BYTES} bytes`);
  }
}

const missingFile = () =>
  new Problem("INVALID_REQUEST", "file: is required", {
    fields: [{ field: "file", message: "is required" }],
  });
