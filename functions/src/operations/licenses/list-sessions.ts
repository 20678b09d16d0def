import type { AuthorizedSession, Binding } from "../../core/authorizations.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { policyOf } from "../../core/policies.ts";
import type { License } from "../../core/records.ts";
import { aliveAt } from "../../core/sessions.ts";
import { products } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findLicense } from "./find-license.ts";

export type LicenseSession = AuthorizedSession & { readonly licenseId: string };

/** The sessions of a license that are active now, the newest first. */
export async function listSessions(
  deps: Deps,
  principal: Principal,
  { licenseId }: { readonly licenseId: string },
): Promise<Decision<{ sessions: readonly LicenseSession[] }>> {
  const found = await findLicense(deps, principal, licenseId);
  if (!found.ok) return found;
  const { license } = found;
  const isAlive = aliveAt(await concurrencyOf(deps.store, license), deps.now());
  const sessions = (license.authorization?.sessions ?? [])
    .filter(isAlive)
    .toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1));
  return accept({ sessions: sessions.map((one) => ({ ...one, licenseId })) });
}

/** What the license's policy says of sessions. */
export async function concurrencyOf(reader: Reader, { productId, policyOverride }: License) {
  const product = await reader.get(products, productId);
  return policyOf(product?.defaultPolicy ?? null, policyOverride).concurrency;
}

export type LicenseBinding = Binding & { readonly type: "HWID" | "IP" };

/** The devices and addresses that a license is or was bound to, the newest first. */
export async function listBindings(
  deps: Deps,
  principal: Principal,
  { licenseId }: { readonly licenseId: string },
): Promise<Decision<{ bindings: readonly LicenseBinding[] }>> {
  const found = await findLicense(deps, principal, licenseId);
  if (!found.ok) return found;
  const { hwids = [], addresses = [] } = found.license.authorization ?? {};
  const bindings: LicenseBinding[] = [
    ...hwids.map((one) => ({ ...one, type: "HWID" as const })),
    ...addresses.map((one) => ({ ...one, type: "IP" as const })),
  ];
  return accept({ bindings: bindings.toSorted((a, b) => b.firstSeenAt - a.firstSeenAt) });
}
