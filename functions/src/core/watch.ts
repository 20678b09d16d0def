import { slotsOf } from "./licenses.ts";
import type { Activation, License, Sightings } from "./records.ts";
import { isOpen } from "./windows.ts";

/** Where a call came from; the country is not known without a proxy that says it. */
export type Caller = { readonly country: string | null; readonly addressHash: string };

const DAY_MS = 86_400_000;
export const WATCH_DAYS = { countries: 1, newMachines: 30, turnedAway: 1, addresses: 1 } as const;

/** No rule needs to tell more than that apart. */
const MAX_SEEN = 200;
const MACHINE_LENGTH = 8;

const NOTHING: Sightings = { startedAt: 0, seen: [] };
export const NOTHING_WATCHED: License["watch"] = {
  countries: NOTHING,
  newMachines: NOTHING,
  turnedAway: NOTHING,
};

export const nobodySeen = (): Pick<Activation, "countries" | "lastCountry" | "addresses"> => ({
  countries: [],
  lastCountry: null,
  addresses: NOTHING,
});

/** The sightings with one more; the same object when it says nothing new. */
function sighted(sightings: Sightings, what: string, days: number, now: number): Sightings {
  if (!isOpen(sightings.startedAt, days * DAY_MS, now)) return { startedAt: now, seen: [what] };
  const { startedAt, seen } = sightings;
  return seen.includes(what) || seen.length >= MAX_SEEN
    ? sightings
    : { startedAt, seen: [...seen, what] };
}

type Watched = keyof License["watch"];

function watched(license: License, kind: Watched, what: string, now: number): License {
  const sightings = sighted(license.watch[kind], what, WATCH_DAYS[kind], now);
  return sightings === license.watch[kind]
    ? license
    : { ...license, watch: { ...license.watch, [kind]: sightings } };
}

/** The license with the country noted; the same object when it was, or is not known. */
export const countrySeen = (license: License, country: string | null, now: number): License =>
  country === null ? license : watched(license, "countries", country, now);

/** Noted only where it is judged: any machine may take a floating seat, or join a site. */
export const machineAdded = (license: License, activationId: string, now: number): License =>
  license.licenseType === "floating" || slotsOf(license) === undefined
    ? license
    : watched(license, "newMachines", activationId.slice(0, MACHINE_LENGTH), now);

export const machineTurnedAway = (license: License, activationId: string, now: number): License =>
  watched(license, "turnedAway", activationId.slice(0, MACHINE_LENGTH), now);

/** Whether a machine that was not noted as turned away now is. */
export const isTurnedAwayAnew = (before: License | undefined, after: License): boolean =>
  after.watch.turnedAway !== before?.watch.turnedAway;

/** The activation with where it called from. */
export function calledFrom(activation: Activation, caller: Caller, now: number): Activation {
  const { country, addressHash } = caller;
  const known = country === null || activation.countries.includes(country);
  return {
    ...activation,
    countries: known ? activation.countries : [...activation.countries, country],
    lastCountry: country ?? activation.lastCountry,
    addresses: sighted(activation.addresses, addressHash, WATCH_DAYS.addresses, now),
  };
}
