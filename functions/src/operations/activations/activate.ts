import { accept, type Decision } from "../../core/decision.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import type { MachineAsk } from "./machine.ts";
import { takeSlot } from "./take-slot.ts";
import { type IssuedToken, issueToken } from "./tokens.ts";
import { type Usage, usageOf } from "./usage.ts";

export type ActivateAsk = MachineAsk & { readonly hostname: string; readonly productId: string };
export type Activated = { readonly license: License; readonly usage: Usage } & IssuedToken;

/** Binds a machine to a license, or takes a floating seat, and issues its session token. */
export async function activate(deps: Deps, ask: ActivateAsk): Promise<Decision<Activated>> {
  const { licenseKey, machineFingerprint, hostname, productId } = ask;
  const machine = { fingerprint: machineFingerprint, hostname };
  const decision = await takeSlot(deps, { licenseKey, machine, productId });
  if (!decision.ok) return decision;
  const { license } = decision;
  const claims = { licenseKey: canonicalLicenseKey(licenseKey), machineFingerprint, productId };
  const [token, usage] = await Promise.all([
    issueToken(deps, license, claims),
    usageOf(deps, license),
  ]);
  return accept({ license, usage, ...token });
}
