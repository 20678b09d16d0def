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

const SECRETS =
  /eyJ[\w-]+\.[\w-]+\.[\w-]+|cgls_[\w-]+|\b[0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){4}\b/g;

/** The error with its causes, without tokens and keys that a message may quote. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error));
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  return redact(error.stack ?? `${error.name}: ${error.message}`) + cause;
}

const redact = (text: string): string => text.replaceAll(SECRETS, "[redacted]");
