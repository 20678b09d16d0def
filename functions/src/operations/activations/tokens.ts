import { accept, type Decision, refuse } from "../../core/decision.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { tokenExpiry } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import type { SessionClaims } from "../../crypto/session-tokens.ts";
import type { Deps } from "../deps.ts";
import type { MachineAsk } from "./machine.ts";

/** `tokenExpiresAt` in epoch milliseconds, a whole second. */
export type IssuedToken = { readonly token: string; readonly tokenExpiresAt: number };

export async function issueToken(
  deps: Deps,
  license: License,
  claims: SessionClaims,
): Promise<IssuedToken> {
  const now = deps.now();
  const tokenExpiresAt = Math.floor(tokenExpiry(license, now) / 1000) * 1000;
  return { token: await deps.keyring.issue(claims, now, tokenExpiresAt), tokenExpiresAt };
}

/** The claims of a token that was issued to this machine for this key. */
export async function readToken(
  deps: Deps,
  ask: MachineAsk & { readonly token: string },
): Promise<Decision<{ claims: SessionClaims; tokenExpiresAt: number }>> {
  const reading = await deps.keyring.read(ask.token, deps.now());
  if (reading.state === "expired") return refuse("TOKEN_EXPIRED");
  if (reading.state === "invalid") return refuse("TOKEN_INVALID");
  const { claims } = reading;
  const own =
    claims.licenseKey === canonicalLicenseKey(ask.licenseKey) &&
    claims.machineFingerprint === ask.machineFingerprint;
  return own ? accept({ claims, tokenExpiresAt: reading.expiresAt }) : refuse("TOKEN_INVALID");
}
