import * as z from "zod";
import { parseFields, searchFields } from "../../http/request.ts";
import type { Asked, Route } from "../../http/router.ts";
import { completeUpload } from "../../operations/product-files/complete-upload.ts";
import { type CreatedUpload, createUpload } from "../../operations/product-files/create-upload.ts";
import { receiveUpload } from "../../operations/product-files/receive-upload.ts";
import { FILES, filename } from "./dashboard-files.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { idsOf } from "./define-route.ts";
import { success } from "./envelope.ts";
import { iso, name, uuid } from "./fields.ts";
import { limitAddress } from "./limits.ts";
import { fileItem } from "./product-file-records.ts";
import { geckoguardSurface } from "./surface.ts";
import { productPath as whose } from "./whose.ts";

export const UPLOADS = "/v1/product-files/uploads/";

const optionalId = uuid.nullish().transform((id) => id ?? null);

/** For files that are too large for one request where the service runs. */
export const announceUpload = dashboardRoute({
  method: "POST",
  path: `${FILES}/uploads`,
  ability: "file.change",
  whose,
  status: 201,
  body: z.object({
    name,
    filename,
    size: z.int("must be a number of bytes").min(0, "must be a number of bytes"),
    versionId: optionalId,
    planId: optionalId,
    public: z.boolean("must be true or false").default(false),
  }),
  async handle(deps, { principal }, { ids, body }, asked) {
    const made = await createUpload(deps, principal, { ...ids, ...body });
    return made.ok ? uploadItem(made, asked) : made;
  },
});

export const finishUpload = dashboardRoute({
  method: "POST",
  path: `${FILES}/uploads/:uploadId/complete`,
  ability: "file.change",
  whose,
  status: 201,
  async handle(deps, { principal }, { ids }) {
    const made = await completeUpload(deps, principal, ids);
    return made.ok ? { file: fileItem(made.file) } : made;
  },
});

const linkQuery = z.object({
  expires: z
    .string()
    .regex(/^\d{1,15}$/, "must be a number")
    .transform(Number),
  signature: z.string("is required").max(100, "is too long"),
});

/** Where the bytes go on a server that keeps them itself; the link is all the credential there is. */
export const takeUpload: Route = {
  method: "PUT",
  path: `${UPLOADS}:uploadId`,
  streams: true,
  async handle(deps, asked) {
    await limitAddress(deps, asked);
    const { uploadId = "" } = asked.parts;
    const fields = searchFields(new URLSearchParams(asked.query));
    const { expires: linkEndsAt, signature } = parseFields(linkQuery, fields);
    const link = { ...idsOf({ uploadId }), linkEndsAt, signature };
    const received = await receiveUpload(deps, { ...link, bytes: asked.incoming() });
    return received.ok
      ? { status: 200, body: success({ received: received.size }) }
      : geckoguardSurface.refusal(received);
  },
};

const uploadItem = ({ upload, link, signature }: CreatedUpload, asked: Asked) => {
  const { id, linkEndsAt } = upload;
  const own = `${originOf(asked)}${UPLOADS}${id}?expires=${linkEndsAt}&signature=${signature}`;
  return {
    uploadId: id,
    uploadUrl: link?.url ?? own,
    method: "PUT",
    headers: link?.headers ?? {},
    expiresAt: iso(linkEndsAt),
  };
};

/** This server as the caller knows it. */
const originOf = ({ headers }: Asked): string => {
  const secure = String(headers["x-forwarded-proto"] ?? "").startsWith("https");
  return `${secure ? "https" : "http"}://${headers.host ?? "localhost"}`;
};
