import { formatGeckoguardKey, GECKOGUARD_KEY_BYTES } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";

/** What tells a license from those it is made with. */
export type Drawn = Pick<License, "id" | "keyHash" | "keySealed"> & { readonly licenseKey: string };

/**
 * Draws licenses, with generated keys unless one is given. Lists have those of one moment in the reverse order of
 * their hashes: the ids rise in it.
 */
export function drawLicenses(
  deps: Pick<Deps, "randomBytes" | "newId" | "vault">,
  { key, count }: { readonly key?: string | undefined; readonly count: number },
): readonly [Drawn, ...Drawn[]] {
  const bytes = deps.randomBytes(GECKOGUARD_KEY_BYTES * count);
  const keys = Array.from({ length: count }, (_, n) => {
    const from = n * GECKOGUARD_KEY_BYTES;
    return key ?? formatGeckoguardKey(bytes.subarray(from, from + GECKOGUARD_KEY_BYTES));
  });
  const ids = keys.map(() => deps.newId()).sort();
  const [first, ...others] = keys
    .map((licenseKey) => ({
      licenseKey,
      keyHash: keyHashOf(deps, licenseKey),
      keySealed: deps.vault.seal("license-key", licenseKey),
    }))
    .sort((a, b) => (a.keyHash < b.keyHash ? 1 : -1))
    .map((one, n) => ({ ...one, id: ids[n] ?? "" }));
  if (!first) throw new RangeError("At least one license is made.");
  return [first, ...others];
}
