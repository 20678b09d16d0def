import type { Deps } from "../../functions/src/operations/deps.ts";
import { keepFile } from "../../functions/src/operations/product-files/keep-file.ts";
import {
  type AboutFile,
  recordFile,
} from "../../functions/src/operations/product-files/record-file.ts";

export type PutFileAsk = Parameters<typeof keepFile>[2] & AboutFile;

/** Keeps the bytes and records the file, as an upload does. */
export async function putFile(deps: Deps, ask: PutFileAsk) {
  const by = { kind: "administrator" } as const;
  const { productId, filename, bytes, ...about } = ask;
  const keeping = await keepFile(deps, by, { productId, filename, bytes });
  return keeping.ok ? recordFile(deps, by, { kept: keeping.kept, about }) : keeping;
}
