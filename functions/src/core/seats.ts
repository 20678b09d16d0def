import { accept, type Decision, refuse } from "./decision.ts";
import { standing } from "./licenses.ts";
import type { Activation, License } from "./records.ts";
import { type Held, type Settings, slotsFreed, takeSlot } from "./slots.ts";
import { type Caller, calledFrom } from "./watch.ts";

/**
 * A sign of life of an activated machine; where it says a domain and has one on file, they must be
 * the same. `seatLost` asks for `decideSeatReturn`; a blocked license renews no seat.
 */
export function decideCheckIn(ask: {
  license: License;
  activation: Activation | undefined;
  domain?: string | undefined;
  caller: Caller;
  now: number;
  settings: Settings;
}): Decision<{ activation: Activation; seatLost: boolean }> {
  const { license, activation, now } = ask;
  if (!activation) return refuse("NOT_ACTIVATED");
  const other = ask.domain !== undefined && ask.domain !== (activation.domain ?? ask.domain);
  if (other) return refuse("DOMAIN_MISMATCH");
  const seen = { ...calledFrom(activation, ask.caller, now), lastSeen: now };
  const seated = license.licenseType === "floating" && !standing(license, now);
  if (!seated) return accept({ activation: seen, seatLost: false });
  if (activation.seatExpiresAt === null) return accept({ activation: seen, seatLost: true });
  const seatExpiresAt = now + ask.settings.seatTtlMs;
  return accept({ activation: { ...seen, seatExpiresAt }, seatLost: false });
}

/** Takes a reclaimed seat back if one is free. */
export function decideSeatReturn(ask: {
  license: License | undefined;
  activation: Activation | undefined;
  now: number;
  settings: Settings;
}): Decision<Held> {
  const { license, activation, now, settings } = ask;
  if (!license) return refuse("LICENSE_NOT_FOUND");
  const refusal = standing(license, now);
  if (refusal) return refusal;
  if (!activation) return refuse("NOT_ACTIVATED");
  return takeSlot({
    license,
    activation: { ...activation, lastSeen: now },
    known: true,
    now,
    settings,
  });
}

/** Frees the seats that are over now; those renewed meanwhile stay. */
export function reclaimSeats(ask: {
  license: License;
  activations: readonly (Activation | undefined)[];
  now: number;
}): { license: License; freed: Activation[] } {
  const lapsed = ask.activations.flatMap((activation) =>
    activation?.seatExpiresAt != null && activation.seatExpiresAt <= ask.now ? [activation] : [],
  );
  return {
    license: slotsFreed(ask.license, lapsed),
    freed: lapsed.map((activation) => ({ ...activation, seatExpiresAt: null })),
  };
}
