import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Whether one of these is the hexadecimal HMAC-SHA256 of the message, compared in constant time. An empty
 * secret verifies nothing: anybody could have signed with it.
 */
export function signedByOneOf(
  signatures: readonly string[],
  secret: string,
  ...message: readonly (string | Buffer)[]
): boolean {
  if (secret === "") {
    return false;
  }
  const hmac = createHmac("sha256", secret);
  for (const part of message) {
    hmac.update(part);
  }
  const expected = hmac.digest();
  return signatures.some((signature) => {
    // Buffer.from stops at the first character that is no digit, so the text is checked before.
    return (
      /^[0-9a-f]{64}$/i.test(signature) && timingSafeEqual(Buffer.from(signature, "hex"), expected)
    );
  });
}
