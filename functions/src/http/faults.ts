import { InvalidCursorError, StoreUnavailableError } from "../store/document-store.ts";
import type { Edge } from "./edge.ts";
import { Problem } from "./problem.ts";

/** What the caller hears of an error; a fault of ours is logged here, and nowhere else. */
export function problemOf(
  error: unknown,
  log: Edge["log"],
  context: Record<string, unknown>,
): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidCursorError) {
    const message = "is not a cursor this list gave out";
    return new Problem("INVALID_REQUEST", `cursor: ${message}`, {
      fields: [{ field: "cursor", message }],
    });
  }
  const fault = { ...context, error: describe(error) };
  if (error instanceof StoreUnavailableError) {
    log({ severity: "WARNING", message: "the store is unavailable", ...fault });
    return new Problem("STORE_UNAVAILABLE", "The service is busy. Try again in a moment.", {
      headers: { "Retry-After": "1" },
    });
  }
  log({ severity: "ERROR", message: "a request failed", ...fault });
  return new Problem("INTERNAL", "Something went wrong on our side.");
}

/**
 * Session tokens, API keys, tokens of logins, mails, invitations and sites, webhook secrets with a prefix
 * and license keys in any spelling.
 */
const SECRETS = [
  /(?<![0-9A-Za-z])eyJ[\w.-]+/g,
  /cgls_[\w-]+/g,
  /pk_(?:live|test)_\w+/g,
  /gg[ircvp]_[\w-]+/g,
  /whsec_[\w+/=-]+/g,
  // The secret halves of keys that sign requests.
  /(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])/gi,
  // A site's token is nothing but random.
  /[\w-]{64,}/g,
  /(?<![0-9a-z])GG(?:[- ][2-9a-hj-np-z]{5}){4}(?![0-9a-z])/gi,
  // More than five groups, because a word before the key may look like one.
  /(?<![0-9a-z])[0-9a-tv-z]{5}(?:[- ][0-9a-tv-z]{5}){4,}(?![0-9a-z])/gi,
  // In one piece it takes a digit to tell a key from a long name.
  /(?<![0-9a-z])(?=[a-z]*\d)[0-9a-tv-z]{25}(?![0-9a-z])/gi,
];
const MAX_CAUSES = 8;

/** The error with its causes, without tokens and keys that a message may quote. */
export function describe(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return redact(String(error));
  const text = redact(error.stack ?? `${error.name}: ${error.message}`);
  // Causes may lead in a circle.
  if (error.cause === undefined || depth === MAX_CAUSES) return text;
  return `${text}\ncaused by ${describe(error.cause, depth + 1)}`;
}

const redact = (text: string): string =>
  SECRETS.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
