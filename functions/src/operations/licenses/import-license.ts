import { accept, type Decision, refuse } from "../../core/decision.ts";
import { revoked } from "../../core/license-changes.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import type { License, LicenseStatus } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { filedUnderPurchase } from "../payments/file-license.ts";
import type { Principal } from "../principal.ts";
import { countCreated } from "../stats/usage-counters.ts";
import { addLicense } from "./change-license.ts";
import { type DraftAsk, draftLicense } from "./draft-license.ts";

export type ImportAsk = DraftAsk & {
  readonly licenseKey: string;
  readonly status?: LicenseStatus | undefined;
  readonly purchasedAt?: number | undefined;
};

export type Imported = { readonly licenseKey: string; readonly existed: boolean };

/**
 * Makes a license with a key that its customer already has. Not under `deps.once`: one request
 * imports many, and repeating one that is there changes nothing.
 */
export async function importLicense(
  deps: Deps,
  principal: Principal,
  ask: ImportAsk,
): Promise<Decision<Imported>> {
  const licenseKey = canonicalLicenseKey(ask.licenseKey);
  const made = { id: deps.newId(), licenseKey, now: deps.now() };
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  let created: License | undefined;
  const decision = await deps.store.transaction(async (tx): Promise<Decision<Imported>> => {
    created = undefined;
    const draft = await draftLicense(deps, tx, principal, ask, made);
    if (!draft.ok) return draft;
    const asked = imported(draft.license, ask, made.now);
    const known = await tx.get(licenses, asked.keyHash);
    if (known) {
      return sameSale(known, asked)
        ? accept({ licenseKey, existed: true })
        : refuse("LICENSE_KEY_TAKEN", { field: "licenseKey" });
    }
    const { license, write } = await filedUnderPurchase(deps, tx, asked, made.now);
    const welcome = await customerOnFirstUse(tx, license, made.now);
    addLicense(deps, tx, license, { audit, announce, welcome, action: "license.import" });
    write();
    created = license;
    return accept({ licenseKey, existed: false });
  });
  if (created) countCreated(deps, created);
  return decision;
}

function imported(draft: License, ask: ImportAsk, now: number): License {
  const sold = { ...draft, purchasedAt: ask.purchasedAt ?? null };
  if (ask.status === "revoked") return revoked(sold, "manual", now);
  return { ...sold, status: ask.status ?? "active" };
}

/** Terms may have been changed since, so they say nothing about whose license it is. */
const sameSale = (known: License, asked: License): boolean =>
  known.accountId === asked.accountId &&
  known.productId === asked.productId &&
  known.email === asked.email;
