import type { License } from "../../functions/src/core/records.ts";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { licenses } from "../../functions/src/store/collections.ts";
import type { World } from "./world.ts";

/** Puts a license into a state that no endpoint leads to yet. */
export async function changeLicense(world: World, licenseKey: string, change: Partial<License>) {
  const id = keyHashOf(world.deps, licenseKey);
  await world.store.commit([{ kind: "update", collection: licenses, id, patch: change }]);
}

export async function licenseOf(world: World, licenseKey: string): Promise<License> {
  const license = await world.store.get(licenses, keyHashOf(world.deps, licenseKey));
  if (!license) throw new Error("no such license");
  return license;
}
