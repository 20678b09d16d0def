/** Bytes under names: texts of letters, digits, hyphens and slashes. */
export type Blobs = {
  /** Keeps all bytes durably when it resolves, and none where `bytes` throws. */
  readonly put: (name: string, bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** The bytes from `first` to `last`, both included; fails where there are none of that name. */
  readonly get: (
    name: string,
    range: { readonly first: number; readonly last: number },
  ) => AsyncIterable<Uint8Array>;
  /** What is not there is deleted. */
  readonly delete: (name: string) => Promise<void>;
  /** In bytes; `undefined` where there are none of that name. */
  readonly sizeOf: (name: string) => Promise<number | undefined>;
  /**
   * Names, with those of drafts that were left behind, in an order that stays; from `after` on, which
   * is what a page before called `next`.
   */
  readonly list: (page: {
    readonly after: string | undefined;
    readonly limit: number;
  }) => Promise<{ readonly items: readonly Kept[]; readonly next: string | undefined }>;
  /**
   * Where anybody may put that many bytes under the name, once, until then; `undefined` where they
   * come to us. What was put there is in no way checked.
   */
  readonly uploadLink: (
    name: string,
    terms: { readonly size: number; readonly endsAt: number },
  ) => Promise<UploadLink | undefined>;
};

export type Kept = {
  /** `delete` takes it, also where it is a draft's. */
  readonly name: string;
  readonly isDraft: boolean;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
};

/** A PUT with those headers. */
export type UploadLink = { readonly url: string; readonly headers: Record<string, string> };
