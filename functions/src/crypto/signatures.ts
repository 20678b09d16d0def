import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const SIGNATURE_FORM = /^[0-9a-f]{64}$/;

/** SHA-256 as lower-case hex. */
export const sha256Hex = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/**
 * Whether the text is the lower-case hex HMAC-SHA256 of one of the messages. Every message is
 * signed and compared in full, whatever the ones before it gave.
 */
export function signsAny(secret: string, messages: readonly string[], signature: string): boolean {
  const wellFormed = SIGNATURE_FORM.test(signature);
  const given = Buffer.from(wellFormed ? signature : "0".repeat(64));
  const matches = messages.map((message) => {
    const expected = createHmac("sha256", secret).update(message).digest("hex");
    return timingSafeEqual(given, Buffer.from(expected));
  });
  return wellFormed && matches.includes(true);
}

/** The same of bytes that come one after the other. */
export function runningSha256(): { update: (bytes: Uint8Array) => void; hex: () => string } {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}
