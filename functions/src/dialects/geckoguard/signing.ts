import { sha256Hex, signsAny } from "../../crypto/signatures.ts";
import { Problem } from "../../http/problem.ts";
import type { Asked } from "../../http/router.ts";
import { unauthorized } from "./authenticate.ts";

const WINDOW_MS = 300_000;
/** Unix seconds, or milliseconds where there are 13 digits. */
const TIMESTAMP_FORM = /^\d{1,13}$/;
const NONCE_FORM = /^[A-Za-z0-9_-]{16,128}$/;
const PREFIX_FORM = /^(?:v1|sha256)=/;

type Signed = Pick<Asked, "method" | "path"> & {
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Uint8Array;
};

/** What a client signs with its API key (reference, section 8.2): the recipe, and its only place. */
export const stringToSign = ({ method, path, timestamp, nonce, body }: Signed): string =>
  [method, path, timestamp, nonce, sha256Hex(body)].join("\n");

/**
 * The nonce of a request that is signed with its API key, at about this time. Whether it was used
 * before is not looked at: that takes the store.
 */
export function signedNonce(asked: Asked, now: number): string {
  const [timestamp, nonce, signature] = ["timestamp", "nonce", "signature"].map((name) =>
    header(asked, `x-gg-${name}`),
  );
  if (!timestamp || !nonce || !signature) {
    const words = "Send X-GG-Timestamp, X-GG-Nonce and X-GG-Signature";
    throw new Problem("UNAUTHENTICATED", words, { word: "SIGNATURE_REQUIRED" });
  }
  if (!TIMESTAMP_FORM.test(timestamp) || Math.abs(now - instantOf(timestamp)) > WINDOW_MS) {
    const words = "X-GG-Timestamp is more than 300 seconds off";
    throw new Problem("UNAUTHENTICATED", words, { word: "TIMESTAMP_OUT_OF_RANGE" });
  }
  if (!NONCE_FORM.test(nonce)) {
    const message = "must be 16 to 128 characters of A-Z a-z 0-9 _ -";
    const fields = [{ field: "X-GG-Nonce", message }];
    throw new Problem("INVALID_REQUEST", `X-GG-Nonce: ${message}`, { fields });
  }
  const { method, path, body } = asked;
  const message = stringToSign({ method, path, timestamp, nonce, body });
  const given = signature.replace(PREFIX_FORM, "").toLowerCase();
  if (!signsAny(header(asked, "x-api-key"), [message], given)) {
    throw unauthorized("Invalid request signature");
  }
  return nonce;
}

const instantOf = (timestamp: string): number =>
  timestamp.length === 13 ? Number(timestamp) : Number(timestamp) * 1000;

function header({ headers }: Asked, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : "";
}
