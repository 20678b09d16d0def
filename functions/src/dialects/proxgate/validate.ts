import * as z from "zod";
import type { RefusalCode } from "../../core/decision.ts";
import { domainFingerprint } from "../../core/domains.ts";
import { checkActivation } from "../../operations/activations/check-activation.ts";
import { defineRoute } from "./define-route.ts";
import { domain, fingerprint, licenseKey } from "./fields.ts";
import { activationItem, licenseItem } from "./records.ts";
import { validateSurface } from "./surface.ts";

type Outcome = readonly [code: string, message: string];

/** Outcomes of a known key are answers, not errors. */
const outcomes: Partial<Record<RefusalCode, Outcome>> = {
  LICENSE_EXPIRED: ["LICENSE_EXPIRED", "License has expired"],
  LICENSE_SUSPENDED: ["LICENSE_SUSPENDED", "License has been suspended"],
  LICENSE_REVOKED: ["LICENSE_REVOKED", "License has been revoked"],
  NOT_ACTIVATED: ["NOT_ACTIVATED", "License is not activated here"],
  // An activation without a seat is none.
  SEAT_LIMIT_REACHED: ["NOT_ACTIVATED", "License is not activated here"],
  DOMAIN_MISMATCH: ["DOMAIN_MISMATCH", "License is activated for another domain"],
};
const VALID: Outcome = ["VALID", "License is valid"];

export const validate = defineRoute({
  path: "/api/v1/licenses/validate",
  scope: "licenses:validate",
  surface: validateSurface,
  input: z.object({ license_key: licenseKey, device_fingerprint: fingerprint, domain }),
  async handle(deps, principal, { license_key, device_fingerprint, domain }) {
    const identity = device_fingerprint ?? (domain && domainFingerprint(domain));
    const ask = { licenseKey: license_key, fingerprint: identity, domain };
    const checked = await checkActivation(deps, principal, ask);
    if (!checked.ok) return checked;
    const { license, activation, refusal } = checked;
    const outcome = refusal === null ? VALID : outcomes[refusal];
    if (!outcome) throw new Error(`ProxGate has no words for ${refusal}.`);
    const [code, message] = outcome;
    const item = await licenseItem(deps, license, license_key);
    return {
      valid: refusal === null,
      activated: identity === undefined ? null : activation !== null,
      status: item.status,
      code,
      message,
      license: item,
      activation: activation && activationItem(activation),
    };
  },
});
