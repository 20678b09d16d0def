import { isUseDue } from "../../core/api-keys.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** A key that a request was authenticated with, as it was read. */
export type KeyUse = { readonly secretHash: string; readonly lastUsedAt: number | null };

export type UseNotes = {
  /** The write that notes the use, or `undefined` when none is due. It never fails. */
  readonly note: (use: KeyUse) => Promise<void> | undefined;
};

const MAX_REMEMBERED = 10_000;

/** Notes when keys are used: one write an hour for a key, also when a burst read it before the write. */
export function createUseNotes({ store, now }: Pick<Deps, "store" | "now">): UseNotes {
  const noted = new Map<string, number>();
  return {
    note({ secretHash, lastUsedAt }) {
      const at = now();
      if (!isUseDue(lastUsedAt, at) || !isUseDue(noted.get(secretHash) ?? null, at))
        return undefined;
      if (noted.size >= MAX_REMEMBERED) noted.clear();
      noted.set(secretHash, at);
      const write = { kind: "update", collection: apiKeys, id: secretHash } as const;
      // A lost note is fine: the key was rotated meanwhile, or a later use notes itself.
      return store.commit([{ ...write, patch: { lastUsedAt: at } }]).catch(() => undefined);
    },
  };
}
