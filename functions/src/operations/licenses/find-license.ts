import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
  type Transaction,
} from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";

const MAX_LOOKS = 50;

/** A license is named by its key, or by the identity that outlives keys. */
export type LicenseReference = { readonly licenseKey: string } | { readonly licenseId: string };

/** The license of that identity, if the principal may see it. */
export async function findLicense(
  deps: Pick<Deps, "store">,
  principal: Principal,
  licenseId: string,
): Promise<Decision<{ license: License }>> {
  const license = await licenseById(deps, licenseId);
  return license && mayReach(principal, license.accountId, license.productId)
    ? accept({ license })
    : refuse("LICENSE_NOT_FOUND");
}

/** The same for whoever has the identity from a record of ours. */
export async function licenseById(
  { store }: Pick<Deps, "store">,
  id: string,
): Promise<License | undefined> {
  const { items } = await store.query(licenses, "byIdentity", { equal: { id }, limit: 1 });
  return items[0];
}

/** Runs the body on the license, if the principal may see it. */
export const withLicense = <T>(
  deps: Pick<Deps, "store" | "vault">,
  principal: Principal,
  ask: Omit<LicenseWork<T>, "reaches">,
): Promise<Decision<T>> =>
  withReachedLicense(deps, {
    ...ask,
    reaches: ({ accountId, productId }) => mayReach(principal, accountId, productId),
  });

type LicenseWork<T> = {
  readonly which: LicenseReference;
  /** Whether the asker may know that there is such a license. */
  readonly reaches: (license: License) => boolean;
  readonly transaction: DocumentStore["transaction"];
  readonly body: (tx: Transaction, license: License) => Promise<Decision<T>>;
};

/**
 * Runs the body on the license in a transaction that looks again. Where a rotation moved the document in
 * between, it starts over with the document as it is now.
 */
export async function withReachedLicense<T>(
  deps: Pick<Deps, "store" | "vault">,
  ask: LicenseWork<T>,
): Promise<Decision<T>> {
  const { which } = ask;
  for (let look = 1; look <= MAX_LOOKS; look++) {
    const keyHash =
      "licenseKey" in which
        ? keyHashOf(deps, which.licenseKey)
        : (await licenseById(deps, which.licenseId))?.keyHash;
    const decision = await ask.transaction(async (tx): Promise<Decision<T> | null> => {
      // Also where there is none: what a repeated request did to it is known in here.
      const license = keyHash === undefined ? undefined : await tx.get(licenses, keyHash);
      const moved = "licenseId" in which && license?.id !== which.licenseId;
      if (moved && keyHash !== undefined) return null;
      return license && ask.reaches(license) ? ask.body(tx, license) : refuse("LICENSE_NOT_FOUND");
    });
    if (decision) return decision;
  }
  throw new StoreUnavailableError("The license's key kept changing.");
}
