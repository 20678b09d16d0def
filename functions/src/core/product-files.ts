/** A file that a product's customers may download. Its bytes are kept under `bytesName`. */
export type ProductFile = {
  id: string;
  accountId: string;
  productId: string;
  name: string;
  filename: string;
  /** In bytes. */
  size: number;
  mimeType: string;
  /** In hex. */
  sha256: string;
  versionId: string | null;
  planId: string | null;
  /** Anybody may download it who knows its id. */
  public: boolean;
  downloads: number;
  createdAt: number;
};

/** 500 MB. */
export const MAX_FILE_BYTES = 500 * 1024 * 1024;
/** Enough of a file to tell its kind. */
export const SNIFFED_BYTES = 512;

export const bytesName = ({ id, productId }: Pick<ProductFile, "id" | "productId">): string =>
  `${productId}/${id}`;

const KINDS: readonly (readonly [mimeType: string, offset: number, magic: readonly number[]])[] = [
  ["application/zip", 0, [0x50, 0x4b, 0x03, 0x04]],
  ["application/gzip", 0, [0x1f, 0x8b]],
  ["application/x-7z-compressed", 0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ["application/vnd.rar", 0, [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
  ["application/x-xz", 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["application/x-bzip2", 0, [0x42, 0x5a, 0x68]],
  ["application/zstd", 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ["application/x-tar", 257, [0x75, 0x73, 0x74, 0x61, 0x72]],
  ["application/pdf", 0, [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
];
const TEXT_ENDINGS = new Map([
  ["txt", "text/plain"],
  ["md", "text/markdown"],
  ["json", "application/json"],
  ["csv", "text/csv"],
]);

/**
 * What kind of file it is: told by its first bytes, and for texts, which have no mark, by the name.
 * Nothing that a browser would run is told apart; that is bytes like the rest.
 */
export function mimeTypeOf(filename: string, head: Uint8Array): string {
  const known = KINDS.find(([, offset, magic]) =>
    magic.every((byte, index) => head[offset + index] === byte),
  );
  if (known) return known[0];
  const ending = filename.toLowerCase().split(".").at(-1) ?? "";
  const text = head.every((byte) => byte !== 0) ? TEXT_ENDINGS.get(ending) : undefined;
  return text ?? "application/octet-stream";
}

export type ByteRange = { readonly first: number; readonly last: number };

const RANGE_FORM = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i;

/**
 * Which bytes a `Range` asks for (RFC 9110, section 14): all of them where it asks for none that this
 * understands, several ranges included; `undefined` where there are none such.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | "all" | undefined {
  const [, from, to, suffix] = RANGE_FORM.exec(header?.replaceAll(/[ \t]/g, "") ?? "") ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? undefined : { first: size - length, last: size - 1 };
  }
  if (from === undefined) return "all";
  const first = Number(from);
  const last = Math.min(to ? Number(to) : size - 1, size - 1);
  // An end before the beginning makes it no range at all.
  if (to && Number(to) < first) return "all";
  return first < size ? { first, last } : undefined;
}
