import type { License } from "../../functions/src/core/records.ts";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { withFacets } from "../../functions/src/operations/licenses/facets.ts";
import { activations, auditEntries, licenses } from "../../functions/src/store/collections.ts";
import type { World } from "./world.ts";

/** Puts a license into a state that no endpoint leads to yet. */
export async function changeLicense(world: World, licenseKey: string, change: Partial<License>) {
  const changed = { ...(await licenseOf(world, licenseKey)), ...change };
  const record = withFacets(world.deps, changed, licenseKey);
  await world.store.commit([{ kind: "set", collection: licenses, record }]);
}

export async function licenseOf(world: World, licenseKey: string): Promise<License> {
  const license = await world.store.get(licenses, keyHashOf(world.deps, licenseKey));
  if (!license) throw new Error("no such license");
  return license;
}

/** The license's counters beside what they count. */
export async function countedOf(world: World, licenseKey: string) {
  const license = await licenseOf(world, licenseKey);
  const equal = { licenseId: license.id };
  return {
    machinesUsed: license.machinesUsed,
    seatsUsed: license.seatsUsed,
    activations: await world.store.count(activations, "byLicense", { equal }),
    seats: await world.store.count(activations, "seatsOfLicense", { equal, range: { gt: 0 } }),
  };
}

/** Puts `count` more machines on a license without as many requests. */
export async function crowd(
  world: World,
  licenseKey: string,
  { count, seatExpiresAt = null }: { count: number; seatExpiresAt?: number | null },
): Promise<void> {
  const license = await licenseOf(world, licenseKey);
  const many = Array.from({ length: count }, (_, index) => ({
    kind: "create" as const,
    collection: activations,
    record: {
      id: `crowd-${license.id}-${index}`,
      licenseId: license.id,
      accountId: license.accountId,
      fingerprint: `crowd-${index}`,
      hostname: "h",
      firstSeen: world.clock.now(),
      lastSeen: world.clock.now(),
      seatExpiresAt,
      attempts: null,
      countedIn: license.countEpoch,
    },
  }));
  for (let from = 0; from < count; from += 400) {
    await world.store.commit(many.slice(from, from + 400));
  }
}

/** What the account's audit trail says, as action and the fields that changed. */
export async function auditOf(world: World, accountId = "default") {
  const page = await world.store.query(auditEntries, "byAccount", {
    equal: { accountId },
    limit: 500,
  });
  return page.items;
}
