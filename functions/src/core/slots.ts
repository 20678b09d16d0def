import { type Binding, isBound, NEVER_AUTHORIZED } from "./authorizations.ts";
import { accept, type Decision, refuse } from "./decision.ts";
import { slotsOf } from "./licenses.ts";
import type { Activation, License } from "./records.ts";
import type { DashboardSettings } from "./users.ts";

export type Settings = {
  /** How long a floating seat lives without a heartbeat. */
  readonly seatTtlMs: number;
  readonly activationAttemptsPerHour: number;
  /** Floating pools of so many seats or more are counted in shards; 0 is none. */
  readonly seatShardsFrom: number;
  /** Of one CodeGate API key; 0 is no limit. */
  readonly codegateRequestsPerMinute: number;
  /** Requests through GeckoGuard's paths; 0 is no limit. `anonymous` is of an address, without a credential. */
  readonly geckoguardPerMinute: Readonly<
    Record<"address" | "anonymous" | "key" | "product" | "licenseKey", number>
  >;
  /** Whether events may go to this very machine, and without TLS then. */
  readonly allowLoopbackWebhooks: boolean;
  /** Whether plans that cost something are started by a payment alone. */
  readonly subscriptionsNeedPayment: boolean;
  readonly dashboard: DashboardSettings;
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
  const { license, known, now } = ask;
  const floating = license.licenseType === "floating";
  const activation = floating
    ? { ...ask.activation, seatExpiresAt: now + ask.settings.seatTtlMs }
    : ask.activation;
  // A lapsed seat that nobody reclaimed is still counted, so its machine simply keeps it.
  if (!keepsCount(license) || (known && isCounted(license, ask.activation))) {
    return accept({ license, activation });
  }
  const slots = slotsOf(license);
  const used = floating ? license.seatsUsed : license.machinesUsed;
  if (slots !== undefined && used >= slots) {
    return refuse(floating ? "SEAT_LIMIT_REACHED" : "MACHINE_LIMIT_REACHED", { limit: slots });
  }
  return accept({
    license: recounted(license, 1),
    activation: { ...activation, countedIn: license.countEpoch },
  });
}

/** The license without the slots that those activations held. */
export function slotsFreed(license: License, activations: readonly Activation[]): License {
  const freed = activations.filter((activation) => isCounted(license, activation)).length;
  return freed === 0 ? license : recounted(license, -freed);
}

/**
 * Starts to count on a license without a limit, from the devices bound to it: the machines that are
 * there are counted by `countIn`.
 */
export const countingStarted = (license: License): License => ({
  ...license,
  countAhead: true,
  countEpoch: license.countEpoch + 1,
  seatShards: 0,
  machinesUsed: license.licenseType === "per-machine" ? boundDevices(license) : 0,
  seatsUsed: 0,
});

/** The license with those devices, each live one in a slot of it; floating seats are for machines. */
export function withDevices(license: License, hwids: Binding[]): License {
  const authorization = { ...(license.authorization ?? NEVER_AUTHORIZED), hwids };
  const bound = { ...license, authorization };
  return license.licenseType === "per-machine" && keepsCount(license)
    ? recounted(bound, boundDevices(bound) - boundDevices(license))
    : bound;
}

const boundDevices = ({ authorization }: License): number =>
  authorization?.hwids.filter(isBound).length ?? 0;

/** Counts those that hold a slot and are not counted yet. */
export function countIn(
  license: License,
  activations: readonly (Activation | undefined)[],
): { license: License; counted: Activation[] } {
  const counted = activations.flatMap((activation) =>
    activation && holdsSlot(license, activation) && !isCounted(license, activation)
      ? [{ ...activation, countedIn: license.countEpoch, seatShard: 0 }]
      : [],
  );
  return { license: recounted(license, counted.length), counted };
}

const keepsCount = (license: License): boolean =>
  license.countAhead || slotsOf(license) !== undefined;

const holdsSlot = (license: License, activation: Activation): boolean =>
  license.licenseType !== "floating" || activation.seatExpiresAt !== null;

const isCounted = (license: License, activation: Activation): boolean =>
  keepsCount(license) &&
  holdsSlot(license, activation) &&
  activation.countedIn === license.countEpoch;

function recounted(license: License, change: number): License {
  const counter = license.licenseType === "floating" ? "seatsUsed" : "machinesUsed";
  return { ...license, [counter]: Math.max(0, license[counter] + change) };
}
