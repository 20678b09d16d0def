import { accept, type Decision, refuse } from "../../core/decision.ts";
import { derivedId } from "../../crypto/vault.ts";
import { nonces } from "../../store/collections.ts";
import { AlreadyExistsError } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

/** Longer than a signature can be good for: five minutes before its time, and five after. */
const LIFE_MS = 601_000;

/** What a signed request bears so that it is good for once; the key's own. */
export type Nonce = { readonly keyId: string; readonly nonce: string };

export const nonceOf = ({ keyId, nonce }: Nonce, now: number) => ({
  id: derivedId("nonce", keyId, nonce),
  expireAt: now + LIFE_MS,
});

/** Uses the nonce up, or says that it was. */
export const burnNonce = (deps: Pick<Deps, "store" | "now">, asked: Nonce) =>
  onceOnly(async (): Promise<Decision<object>> => {
    const record = nonceOf(asked, deps.now());
    await deps.store.commit([{ kind: "create", collection: nonces, record }]);
    return accept({});
  });

/** Runs what creates a nonce, and nothing else that could be there already. */
export async function onceOnly<T>(run: () => Promise<T>): Promise<T | ReturnType<typeof refuse>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AlreadyExistsError) return refuse("NONCE_REPLAYED");
    throw error;
  }
}
