import { isBound } from "../../core/authorizations.ts";
import type { Authorized } from "../../core/authorize.ts";
import { type Decision, refuse } from "../../core/decision.ts";
import { coversProduct, standingAt } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { sha256Hex } from "../../crypto/signatures.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { authorizeLicense } from "../licenses/authorize-license.ts";

/** The newest are looked at. */
const MOST_LOOKED_AT = 100;
/** Each one that denies costs an authorization. */
const MOST_TRIED = 3;

export type VerifyAsk = {
  readonly productId: string;
  readonly hwid?: string | undefined;
  readonly sessionId?: string | undefined;
};

/**
 * Whether a license of the end user lets an app run: the one that knows the device first, then what
 * stands. What the first says is the answer where none does.
 */
export async function verifyOwn(
  deps: Deps,
  endUserId: string,
  ask: VerifyAsk,
): Promise<Decision<Authorized>> {
  const now = deps.now();
  const { items } = await deps.store.query(licenses, "byEndUser", {
    equal: { endUserId },
    limit: MOST_LOOKED_AT,
  });
  const hwid = ask.hwid === undefined ? null : sha256Hex(new TextEncoder().encode(ask.hwid));
  const rank = (license: License): number => {
    if (standingAt(license, now) !== "good") return 2;
    const { hwids = [] } = license.authorization ?? {};
    return hwids.some((one) => isBound(one) && one.valueHash === hwid) ? 0 : 1;
  };
  const fitting = items
    .filter((license) => coversProduct(license, ask.productId))
    .toSorted((a, b) => rank(a) - rank(b));
  let first: Decision<Authorized> | undefined;
  for (const license of fitting.slice(0, MOST_TRIED)) {
    const licenseKey = deps.vault.open("license-key", license.keySealed);
    const { decision } = await authorizeLicense(deps, { ...ask, licenseKey, dryRun: false });
    if (decision.ok) return decision;
    first ??= decision;
  }
  return first ?? refuse("LICENSE_NOT_FOUND");
}
