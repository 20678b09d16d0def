import { accept, type Decision, refuse } from "../../core/decision.ts";
import {
  bytesName,
  MAX_FILE_BYTES,
  mimeTypeOf,
  type ProductFile,
  SNIFFED_BYTES,
} from "../../core/product-files.ts";
import { runningSha256 } from "../../crypto/signatures.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

/** Bytes that are kept and no file yet. */
export type KeptFile = Pick<
  ProductFile,
  "id" | "accountId" | "productId" | "filename" | "size" | "sha256" | "mimeType"
>;

/** Keeps the bytes of a file to be. What breaks off here, or before `recordFile`, nobody finds. */
export async function keepFile(
  deps: Deps,
  principal: Principal,
  ask: {
    readonly productId: string;
    readonly filename: string;
    /** The file, as it comes in. */
    readonly bytes: AsyncIterable<Uint8Array>;
  },
): Promise<Decision<{ kept: KeptFile }>> {
  const reached = await reachProduct(deps.store, principal, ask);
  if (!reached.ok) return reached;
  const { id: productId, accountId } = reached.product;
  const { filename } = ask;
  const whose = { id: deps.newId(), accountId, productId };
  const read = watched(ask.bytes, MAX_FILE_BYTES);
  try {
    await deps.blobs.put(bytesName(whose), read.bytes);
  } catch (error) {
    if (!(error instanceof TooManyBytesError)) throw error;
    return refuse("PRODUCT_FILE_TOO_LARGE", { limit: MAX_FILE_BYTES });
  }
  return accept({ kept: { ...whose, filename, ...read.found(filename) } });
}

/** Drops what was kept for a file that nobody recorded. */
export const dropFile = ({ blobs }: Pick<Deps, "blobs">, kept: KeptFile): Promise<void> =>
  blobs.delete(bytesName(kept));

export class TooManyBytesError extends Error {}

/** The bytes as they pass, and afterwards what they were. Throws `TooManyBytesError` above `most`. */
export function watched(source: AsyncIterable<Uint8Array>, most: number) {
  const hash = runningSha256();
  const head: number[] = [];
  let size = 0;
  async function* bytes() {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most) throw new TooManyBytesError();
      if (head.length < SNIFFED_BYTES) head.push(...chunk.subarray(0, SNIFFED_BYTES - head.length));
      hash.update(chunk);
      yield chunk;
    }
  }
  return {
    bytes: bytes(),
    found: (filename: string) => ({
      size,
      sha256: hash.hex(),
      mimeType: mimeTypeOf(filename, Uint8Array.from(head)),
    }),
  };
}
