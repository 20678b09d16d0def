import { codeStanding, trialEnd } from "../../core/codes.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { licenseEvent } from "../../core/events.ts";
import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../core/license-keys.ts";
import type { License } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { trialClaims } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { addLicense } from "../licenses/change-license.ts";
import { draftLicense } from "../licenses/draft-license.ts";
import type { Principal } from "../principal.ts";
import { countCreated } from "../stats/usage-counters.ts";
import { countUse } from "./count-use.ts";
import { type CodeReference, findCode } from "./find-code.ts";

const VARIANT = "trial";

export type RedeemTrialCodeAsk = CodeReference & { readonly email: string };

type Redeemed = { readonly licenseKey: string; readonly expiresAt: number };

/** Makes a license that ends with the trial, counts the use and claims the address's one trial. */
export async function redeemTrialCode(
  deps: Deps,
  principal: Principal,
  ask: RedeemTrialCodeAsk,
): Promise<Decision<Redeemed>> {
  const licenseKey = formatLicenseKey(deps.randomBytes(LICENSE_KEY_BYTES));
  const made = { id: deps.newId(), licenseKey, now: deps.now() };
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  let created: License | undefined;
  const decision = await deps.once(async (tx): Promise<Decision<Redeemed>> => {
    created = undefined;
    const found = await findCode(tx, principal, { ...ask, kind: "trial" });
    if (!found.ok) return found;
    const { code } = found;
    const bad = codeStanding(code, made.now);
    if (bad) return bad;
    if (!found.product && code.productHandle === null) {
      return refuse("CODE_NEEDS_PRODUCT", { field: "productId" });
    }
    const expiresAt = trialEnd(code, made.now);
    const { email } = ask;
    const terms = { email, expiresAt, variant: VARIANT, discountCode: code.code };
    const productId = found.product?.id ?? code.scope;
    const draft = await draftLicense(deps, tx, principal, { ...terms, productId }, made);
    if (!draft.ok) return draft;
    const { license, unsold } = draft;
    if (unsold) return unsold;
    const { accountId } = license;
    const claim = derivedId("trial", productId, email);
    if (await tx.get(trialClaims, claim)) return refuse("TRIAL_ALREADY_REDEEMED");
    const welcome = await customerOnFirstUse(tx, license, made.now);
    addLicense(deps, tx, license, { audit, announce, welcome, action: "license.create" });
    created = license;
    tx.create(trialClaims, {
      id: claim,
      accountId,
      productId,
      licenseId: license.id,
      createdAt: made.now,
    });
    announce(tx, licenseEvent("trial.redeemed", license, { code: code.code }));
    countUse(tx, code, made.now);
    return accept({ licenseKey, expiresAt });
  });
  if (created) countCreated(deps, created);
  return decision;
}
