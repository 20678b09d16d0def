import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../functions/src/core/license-keys.ts";
import type { License } from "../../functions/src/core/records.ts";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { withFacets } from "../../functions/src/operations/licenses/facets.ts";
import { licenses } from "../../functions/src/store/collections.ts";
import { inLots } from "../../functions/src/store/lots.ts";
import { license } from "./records.ts";

/** A key of our own shape for each number; near numbers have keys that begin differently. */
export const seedKey = (n: number): string =>
  formatLicenseKey(Uint8Array.from({ length: LICENSE_KEY_BYTES }, (_, at) => (n >> (at * 5)) & 31));

/** Files licenses without a request for each. The key of the nth is `seedKey(n)`. */
export async function seedLicenses(
  deps: Pick<Deps, "store" | "vault">,
  changes: readonly Partial<License>[],
  from = 0,
): Promise<License[]> {
  const records = changes.map((change, index) => {
    const key = seedKey(from + index);
    const id = `00000000-0000-4000-8000-${String(from + index).padStart(12, "0")}`;
    const keySealed = deps.vault.seal("license-key", key);
    return withFacets(
      deps,
      license({ keyHash: keyHashOf(deps, key), keySealed, id, ...change }),
      key,
    );
  });
  for (const lot of inLots(licenses, records, { most: records.length })) {
    await deps.store.commit(
      lot.map((record) => ({ kind: "create" as const, collection: licenses, record })),
    );
  }
  return records;
}
