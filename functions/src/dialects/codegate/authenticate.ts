import { sha256Hex, signsAny } from "../../crypto/signatures.ts";
import { Problem } from "../../http/problem.ts";
import type { Asked } from "../../http/router.ts";
import {
  authenticateSigned,
  type SignedCaller,
} from "../../operations/api-keys/authenticate-signed.ts";
import type { Deps } from "../../operations/deps.ts";
import { candidates, type Parameters, parametersOf } from "./canonical.ts";

const WINDOW_SECONDS = 300;
const WHOLE_NUMBER = /^-?\d{1,15}$/;

const INVALID_KEY = "Invalid API credentials";
const INVALID_SIGNATURE = "Invalid signature";
const INVALID_TIMESTAMP = "Invalid timestamp format";
const EXPIRED = "Timestamp expired. Request timestamp is too old or too far in the future.";

export type Proven = { readonly caller: SignedCaller; readonly parameters: Parameters };

/** Who signed the request. The order of the checks and their words are the vendor's. */
export async function authenticate(deps: Deps, asked: Asked): Promise<Proven> {
  const { method, path, body } = asked;
  const apiKey = header(asked, "x-api-key", INVALID_KEY);
  const signature = header(asked, "x-signature", INVALID_SIGNATURE);
  const timestamp = header(asked, "x-timestamp", INVALID_TIMESTAMP);
  if (!WHOLE_NUMBER.test(timestamp)) throw new Problem("UNAUTHENTICATED", INVALID_TIMESTAMP);
  const age = Math.floor(deps.now() / 1000) - Number(timestamp);
  if (Math.abs(age) > WINDOW_SECONDS) throw new Problem("UNAUTHENTICATED", EXPIRED);
  const parameters = parametersOf(asked.query);
  const bodyHash = sha256Hex(body);
  const messages = candidates({ method, path, parameters, bodyHash, timestamp });
  const answer = await authenticateSigned(deps, "codegate", apiKey, (secret) =>
    signsAny(secret, messages, signature),
  );
  if (!answer.known) throw new Problem("UNAUTHENTICATED", INVALID_KEY);
  if (!answer.caller || !parameters) throw new Problem("UNAUTHENTICATED", INVALID_SIGNATURE);
  return { caller: answer.caller, parameters };
}

function header({ headers }: Asked, name: string, words: string): string {
  const value = headers[name];
  if (typeof value === "string") return value;
  throw new Problem("UNAUTHENTICATED", words);
}
