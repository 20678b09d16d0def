import { canonicalLicenseKey } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import type { Caller } from "../../core/watch.ts";
import { derivedId } from "../../crypto/vault.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

/** A machine as its client names it. */
export type MachineAsk = { readonly licenseKey: string; readonly machineFingerprint: string };

export const keyHashOf = (deps: Pick<Deps, "vault">, licenseKey: string): string =>
  deps.vault.hash("license-key", canonicalLicenseKey(licenseKey));

/** A machine has one activation on a license, however often it asks. */
export const activationIdOf = (license: License, fingerprint: string): string =>
  derivedId("activation", license.id, fingerprint);

/** The license of that key, unless it was read already, and the machine's activation on it. */
export async function loadHeld(
  reader: Reader,
  keyHash: string,
  fingerprint: string,
  known?: License,
) {
  const license = known ?? (await reader.get(licenses, keyHash));
  const activationId = license ? activationIdOf(license, fingerprint) : "";
  const activation = license ? await reader.get(activations, activationId) : undefined;
  return { license, activationId, activation };
}

const ADDRESS_LENGTH = 8;

/** Where the call came from, as an activation remembers it: the address itself is never stored. */
export const callerOf = (deps: Pick<Deps, "vault" | "caller">): Caller => ({
  country: deps.caller.country,
  addressHash: deps.vault.hash("network", deps.caller.network).slice(0, ADDRESS_LENGTH),
});
