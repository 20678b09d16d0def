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
};
