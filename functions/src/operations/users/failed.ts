import { type Refusal, refuse } from "../../core/decision.ts";
import { type LoginFailures, lockedFor, loginFailed } from "../../core/login-failures.ts";
import { loginFailures } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";

/** What stands against an address: a refusal while it is locked. */
export async function failuresOf(
  reader: Reader,
  emailHash: string,
  now: number,
): Promise<{ readonly known: LoginFailures | undefined; readonly locked: Refusal | undefined }> {
  const known = await reader.get(loginFailures, emailHash);
  const wait = lockedFor(known, now);
  const locked =
    wait === undefined ? undefined : refuse("LOGIN_LOCKED", { retryAfterSeconds: wait });
  return { known, locked };
}

export const countFailure = (
  tx: Transaction,
  emailHash: string,
  known: LoginFailures | undefined,
  now: number,
): void => tx.set(loginFailures, loginFailed(emailHash, known, now));

export function forgetFailures(tx: Transaction, known: LoginFailures | undefined): void {
  if (known) tx.delete(loginFailures, known.id);
}
