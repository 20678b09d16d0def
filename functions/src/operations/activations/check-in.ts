import { type Decision, refuse } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import { standing } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import type { Held } from "../../core/slots.ts";
import type { SessionClaims } from "../../crypto/session-tokens.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { counted } from "../stats/usage-counters.ts";
import { keyHashOf, type MachineAsk } from "./machine.ts";
import { signOfLife } from "./sign-of-life.ts";
import { readToken } from "./tokens.ts";

export type CheckInAsk = MachineAsk & { readonly token: string };
export type CheckedIn = Held & { readonly claims: SessionClaims; readonly tokenExpiresAt: number };

/**
 * A sign of life under a session token. Two documents read, one written, and the event `tells`
 * where it is wanted.
 */
export async function checkIn(
  deps: Deps,
  ask: CheckInAsk,
  tells?: "license.validated",
): Promise<Decision<CheckedIn>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const license = await deps.store.get(licenses, keyHash);
  if (!license) return refuse("LICENSE_NOT_FOUND");
  return counted(deps, license, await checkInTo(deps, license, ask, tells));
}

async function checkInTo(
  deps: Deps,
  license: License,
  ask: CheckInAsk,
  tells: "license.validated" | undefined,
): Promise<Decision<CheckedIn>> {
  const token = await readToken(deps, ask);
  if (!token.ok) return token;
  const refusal = standing(license, deps.now());
  if (refusal) return refusal;
  const { accountId, productId } = license;
  const told = tells && (await deps.subscribed(accountId, { type: tells, productId }));
  const announce = announcer(deps);
  const held = await signOfLife(deps, license, {
    fingerprint: ask.machineFingerprint,
    tell: (tx, seen) => {
      if (tells && told) announce(tx, machineEvent(tells, seen));
    },
  });
  return held.ok ? { ...token, ...held } : held;
}
