import { accept, type Decision, refuse } from "../../core/decision.ts";
import { bytesName } from "../../core/product-files.ts";
import { decideReceive, type FileUpload } from "../../core/uploads.ts";
import { sameSecret } from "../../crypto/vault.ts";
import { fileUploads } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { linkSignature } from "./create-upload.ts";
import { TooManyBytesError, watched } from "./keep-file.ts";

export type ReceiveAsk = {
  readonly uploadId: string;
  readonly linkEndsAt: number;
  readonly signature: string;
  readonly bytes: AsyncIterable<Uint8Array>;
};

class TooFewBytesError extends Error {}

/** Takes the bytes of an upload by its link: once, and all of them. A link whose bytes broke off is good again. */
export async function receiveUpload(
  deps: Deps,
  { uploadId: id, linkEndsAt, signature, bytes }: ReceiveAsk,
): Promise<Decision<{ size: number }>> {
  if (!sameSecret(signature, linkSignature(deps, { id, linkEndsAt }))) {
    return refuse("UPLOAD_LINK_INVALID");
  }
  const now = deps.now();
  const taken = await deps.store.transaction(
    async (tx): Promise<Decision<{ upload: FileUpload }>> => {
      const decision = decideReceive(await tx.get(fileUploads, id), now);
      if (decision.ok) tx.update(fileUploads, id, { takenAt: now });
      return decision;
    },
  );
  if (!taken.ok) return taken;
  const { upload } = taken;
  const { size } = upload;
  try {
    await deps.blobs.put(bytesName(upload), exactly(watched(bytes, size).bytes, size));
  } catch (error) {
    await giveBack(deps, upload);
    const isWrong = error instanceof TooManyBytesError || error instanceof TooFewBytesError;
    if (isWrong) return refuse("UPLOAD_SIZE_WRONG", { limit: size });
    throw error;
  }
  return accept({ size });
}

async function* exactly(bytes: AsyncIterable<Uint8Array>, size: number) {
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    yield chunk;
  }
  if (seen < size) throw new TooFewBytesError();
}

const giveBack = ({ store }: Deps, { id }: FileUpload) =>
  store.transaction(async (tx) => {
    if (await tx.get(fileUploads, id)) tx.update(fileUploads, id, { takenAt: null });
  });
