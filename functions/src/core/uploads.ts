import { type Decision, refuse } from "./decision.ts";
import type { ProductFile } from "./product-files.ts";

/** A file whose bytes come by a link of their own. It becomes a file of the same id. */
export type FileUpload = Pick<
  ProductFile,
  | "id"
  | "accountId"
  | "productId"
  | "name"
  | "filename"
  | "size"
  | "versionId"
  | "planId"
  | "public"
> & {
  createdAt: number;
  /** When the link ends. */
  linkEndsAt: number;
  /** When bytes began to come; null before, and again where they broke off. */
  takenAt: number | null;
  /** From then on it is forgotten, with what came of it. */
  sweepAt: number;
};

const HOUR_MS = 3_600_000;
const LINK_MS = HOUR_MS;
/** After the link's end; longer than an upload that began before may take. */
const COMPLETE_MS = 12 * HOUR_MS;
/** Bytes that are older belong to a record, or to nobody. It is longer than any of the times above. */
export const STALE_MS = 24 * HOUR_MS;

export const uploadTimes = (now: number) => ({
  createdAt: now,
  linkEndsAt: now + LINK_MS,
  takenAt: null,
  sweepAt: now + STALE_MS,
});

/** Whether bytes may come by its link. */
export function decideReceive(
  upload: FileUpload | undefined,
  now: number,
): Decision<{ upload: FileUpload }> {
  if (!upload || now >= upload.linkEndsAt) return refuse("UPLOAD_LINK_INVALID");
  if (upload.takenAt !== null) return refuse("UPLOAD_LINK_USED");
  return { ok: true, upload };
}

export const mayComplete = ({ linkEndsAt }: FileUpload, now: number): boolean =>
  now < linkEndsAt + COMPLETE_MS;
