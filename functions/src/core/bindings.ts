import {
  type Binding,
  firstOf,
  isBound,
  MOST_NOTED,
  NEVER_AUTHORIZED,
  type Room,
  seenNow,
} from "./authorizations.ts";
import { accept, type Decision, refuse } from "./decision.ts";
import { slotsOf } from "./licenses.ts";
import type { HwidLimit, IpLimit } from "./policies.ts";
import type { License } from "./records.ts";
import { withDevices } from "./slots.ts";

const DAY_MS = 86_400_000;
/** However many slots a license has, so that it stays one document. */
const MOST_DEVICES = 1_000;

/**
 * Binds a device to the license, or keeps it. It takes a slot where the license has slots, beside
 * those that machines hold: either limit refuses one too many.
 */
export function bindDevice(
  license: License,
  policy: HwidLimit,
  seen: { readonly valueHash: string | null; readonly now: number },
): Decision<{ license: License; room: Room }> {
  const { valueHash, now } = seen;
  const slots = license.licenseType === "per-machine" ? slotsOf(license) : undefined;
  const isLimited = policy.mode !== "unlimited" || slots !== undefined;
  const roomOf = (held: License): Room =>
    isLimited ? Math.max(0, freeDevices(held, policy, slots)) : "unlimited";
  if (valueHash === null) {
    return policy.mode === "unlimited"
      ? accept({ license, room: roomOf(license) })
      : refuse("HWID_REQUIRED");
  }
  const { hwids } = license.authorization ?? NEVER_AUTHORIZED;
  const live = hwids.filter(isBound);
  const known = live.find((one) => one.valueHash === valueHash);
  const owner = policy.mode === "sticky" ? firstOf(live) : undefined;
  if (owner && owner !== known) return refuse("HWID_MISMATCH");
  if (!known && roomOf(license) === 0) {
    const isOwned = policy.mode === "sticky" && license.slotsByPolicy;
    return refuse(isOwned ? "HWID_MISMATCH" : "HWID_LIMIT_EXCEEDED");
  }
  const most = isLimited ? Number.POSITIVE_INFINITY : MOST_NOTED;
  const bindings = seenNow(hwids, { known, valueHash, region: null }, { most, now });
  const bound = withDevices(license, bindings);
  return accept({ license: bound, room: roomOf(bound) });
}

function freeDevices(license: License, policy: HwidLimit, slots: number | undefined): number {
  const live = license.authorization?.hwids.filter(isBound).length ?? 0;
  const allowed =
    policy.mode === "sticky" ? 1 : policy.mode === "limit" ? policy.maxDistinct : null;
  const byPolicy = (allowed ?? MOST_DEVICES) - live;
  return slots === undefined ? byPolicy : Math.min(byPolicy, slots - license.machinesUsed);
}

/** An address, and the country it is in. */
export type Address = { readonly valueHash: string; readonly region: string };

/** Binds an address to the license, or keeps it. */
export function bindAddress(
  addresses: readonly Binding[],
  policy: IpLimit,
  seen: { readonly address: Address; readonly now: number },
): Decision<{ addresses: Binding[]; room: Room }> {
  const { address, now } = seen;
  const { mode, maxDistinct } = policy;
  const nameOf = (one: Pick<Binding, "valueHash" | "region">) =>
    mode !== "unlimited" && policy.limitType === "region" ? one.region : one.valueHash;
  const live = addresses.filter(isBound);
  const known = live.find((one) => nameOf(one) === nameOf(address));
  const owner = mode === "sticky" ? firstOf(live) : undefined;
  if (owner && nameOf(owner) !== nameOf(address)) return refuse("IP_MISMATCH");
  const counting = (bindings: readonly Binding[]) =>
    new Set(
      bindings
        .filter((one) => isBound(one) && now - one.lastSeenAt < policy.windowDays * DAY_MS)
        .map(nameOf),
    );
  const counted = counting(addresses);
  if (mode === "limit" && !counted.has(nameOf(address)) && counted.size >= (maxDistinct ?? 1)) {
    return refuse("IP_LIMIT_EXCEEDED");
  }
  const most = Math.max(MOST_NOTED, mode === "limit" ? (maxDistinct ?? 1) : 0);
  const bound = seenNow(addresses, { known, ...address }, { most, now });
  if (mode !== "limit") return accept({ addresses: bound, room: mode === "sticky" ? 0 : mode });
  const room = Math.max(0, (maxDistinct ?? 1) - counting(bound).size);
  return accept({ addresses: bound, room });
}
