import { createHash } from "node:crypto";

/** More would make more index entries than Firestore takes for a document. */
export const MAX_SEARCHED_LENGTH = 100;

/** Longer parts are told apart by a hash, which no shorter part can be. */
const PLAIN_LENGTH = 11;

/** What stands for a part of a text in an array that is searched with `array-contains`. */
export function substringToken(part: string): string {
  if (part.length <= PLAIN_LENGTH) return part;
  return `#${createHash("sha256").update(part).digest("base64url").slice(0, PLAIN_LENGTH)}`;
}

/** One token for each distinct part of the text, the empty one included. */
export function substringTokens(text: string): string[] {
  const symbols = Array.from(text);
  const parts = new Set([""]);
  for (let from = 0; from < symbols.length; from++) {
    let part = "";
    for (const symbol of symbols.slice(from)) {
      part += symbol;
      parts.add(part);
    }
  }
  return [...new Set([...parts].map(substringToken))];
}

/** Where an engine that finds whole elements only keeps the tokens of a text field. */
export const tokensField = (field: string): string => `${field}Parts`;
