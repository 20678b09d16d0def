/** Time-based codes: RFC 6238 with SHA-1, six digits and steps of 30 seconds. */
export type TotpCodes = {
  /** A new secret in base32. */
  readonly secretOf: (bytes: Uint8Array) => string;
  /** What an authenticator app reads from a QR code. */
  readonly urlOf: (secret: string, email: string) => string;
  /** The step whose code it is: this one or one to either side; `undefined` for none. */
  readonly stepOf: (secret: string, code: string, now: number) => number | undefined;
};

export const TOTP_SECRET_BYTES = 20;
const ISSUER = "Latchkey";
const STEP_SECONDS = 30;
const TERMS = { algorithm: "SHA1", digits: 6, period: STEP_SECONDS };

/** Loaded where a second factor is asked for and nowhere else. */
export async function loadTotp(): Promise<TotpCodes> {
  const { Secret, TOTP } = await import("otpauth");
  const totpOf = (secret: string, label = "") =>
    new TOTP({ ...TERMS, issuer: ISSUER, label, secret: Secret.fromBase32(secret) });
  return {
    secretOf: (bytes) => new Secret({ buffer: Uint8Array.from(bytes).buffer }).base32,
    urlOf: (secret, email) => totpOf(secret, email).toString(),
    stepOf(secret, code, now) {
      const off = totpOf(secret).validate({ token: code, timestamp: now, window: 1 });
      return off === null ? undefined : Math.floor(now / (STEP_SECONDS * 1000)) + off;
    },
  };
}
