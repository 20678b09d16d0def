import { accept, type Decision } from "../../core/decision.ts";
import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import { owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import { countUse, usableCode } from "../codes/count-use.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { filedUnderPurchase } from "../payments/file-license.ts";
import type { Principal } from "../principal.ts";
import { countCreated } from "../stats/usage-counters.ts";
import { addLicense } from "./change-license.ts";
import { type DraftAsk, draftLicense } from "./draft-license.ts";

type Created = { readonly licenseKey: string };

/** Makes a license with a new key. The key is in the answer and, sealed, in the record. */
export async function createLicense(
  deps: Deps,
  principal: Principal,
  ask: DraftAsk,
): Promise<Decision<Created>> {
  const owner = owningAccount(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const licenseKey = formatLicenseKey(deps.randomBytes(LICENSE_KEY_BYTES));
  const made = { id: deps.newId(), licenseKey, now: deps.now() };
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  let created: License | undefined;
  const decision = await deps.once(async (tx): Promise<Decision<Created>> => {
    created = undefined;
    const draft = await draftLicense(deps, tx, principal, ask, made);
    if (!draft.ok) return draft;
    if (draft.unsold) return draft.unsold;
    const { license, write } = await filedUnderPurchase(deps, tx, draft.license, made.now);
    const product = { id: license.productId, accountId: license.accountId };
    const code = await usableCode(tx, product, ask.discountCode, made.now);
    const welcome = await customerOnFirstUse(tx, license, made.now);
    addLicense(deps, tx, license, { audit, announce, welcome, action: "license.create" });
    write();
    created = license;
    if (code) countUse(tx, code, made.now);
    return accept({ licenseKey });
  });
  if (created) countCreated(deps, created);
  return decision;
}
