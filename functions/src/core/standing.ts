import { statusAt } from "./licenses.ts";
import type { License } from "./records.ts";

const isBlocked = (license: License, now: number): boolean =>
  ["suspended", "revoked"].includes(statusAt(license, now));

/** When the license was last blocked or made good again; null when that never happened. */
export function standingChangeOf(license: License, now: number): number | null {
  const { suspendsAt, standingChangedAt } = license;
  // Threat level 3 blocks at its time, before anybody writes it down.
  const isDue = suspendsAt !== null && now >= suspendsAt;
  return isDue && suspendsAt > (standingChangedAt ?? 0) ? suspendsAt : standingChangedAt;
}

/** What `standingChangedAt` becomes with a change; a later one is told from an earlier by it. */
export function standingChangeAfter(before: License | null, after: License): number | null {
  if (!before) return after.standingChangedAt;
  const now = after.updatedAt;
  const known = standingChangeOf(before, now);
  if (isBlocked(before, now) === isBlocked(after, now)) return known;
  return known === null ? now : Math.max(now, known + 1);
}
