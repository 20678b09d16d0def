import { accept, type Decision, refuse } from "./decision.ts";
import { slotsOf } from "./licenses.ts";
import type { Activation, License } from "./records.ts";

export type Settings = {
  /** How long a floating seat lives without a heartbeat. */
  readonly seatTtlMs: number;
  readonly activationAttemptsPerHour: number;
};

/** A license and a machine's activation on it. */
export type Held = { readonly license: License; readonly activation: Activation };

/** Gives the machine a slot of the license, or keeps the one it has. */
export function takeSlot(ask: {
  license: License;
  activation: Activation;
  known: boolean;
  now: number;
  settings: Settings;
}): Decision<Held> {
  const { license, activation, known, now } = ask;
  const slots = slotsOf(license);
  if (license.licenseType !== "floating") {
    if (known || slots === undefined) return accept({ license, activation });
    if (license.machinesUsed >= slots) return refuse("MACHINE_LIMIT_REACHED", { limit: slots });
    return accept({ license: { ...license, machinesUsed: license.machinesUsed + 1 }, activation });
  }
  const seated = { ...activation, seatExpiresAt: now + ask.settings.seatTtlMs };
  // A lapsed seat that nobody reclaimed is still counted, so its machine simply keeps it.
  if (slots === undefined || activation.seatExpiresAt !== null) {
    return accept({ license, activation: seated });
  }
  if (license.seatsUsed >= slots) return refuse("SEAT_LIMIT_REACHED", { limit: slots });
  return accept({ license: { ...license, seatsUsed: license.seatsUsed + 1 }, activation: seated });
}

/** The license with that many floating seats fewer in use. */
export function seatsFreed(license: License, count: number): License {
  if (slotsOf(license) === undefined || count === 0) return license;
  return { ...license, seatsUsed: Math.max(0, license.seatsUsed - count) };
}
