import * as z from "zod";
import { accept } from "../../core/decision.ts";
import { domainFingerprint } from "../../core/domains.ts";
import type { Deps } from "../../operations/deps.ts";
import { deactivateMachine } from "../../operations/licenses/deactivate-machine.ts";
import { resetActivations } from "../../operations/licenses/reset-activations.ts";
import type { Principal } from "../../operations/principal.ts";
import { defineRoute } from "./define-route.ts";
import { domain, givenFingerprint, licenseKey } from "./fields.ts";
import { licenseItem } from "./records.ts";

export const deactivate = defineRoute({
  path: "/api/v1/licenses/deactivate",
  scope: "licenses:deactivate",
  input: z.object({
    license_key: licenseKey,
    // Who sends an empty one means one device, and must not lose them all.
    device_fingerprint: givenFingerprint.nullish(),
    domain,
  }),
  async handle(deps, principal, { license_key, device_fingerprint, domain }) {
    const identity = device_fingerprint ?? (domain && domainFingerprint(domain));
    const done = await (identity === undefined
      ? resetActivations(deps, principal, license_key)
      : deactivateOne(deps, principal, license_key, identity));
    if (!done.ok) return done;
    return {
      message: "License deactivated",
      deactivated_count: done.deletedCount,
      license: await licenseItem(deps, done.license, license_key),
    };
  },
});

async function deactivateOne(
  deps: Deps,
  principal: Principal,
  licenseKey: string,
  machineFingerprint: string,
) {
  const done = await deactivateMachine(deps, principal, { licenseKey, machineFingerprint });
  return done.ok ? accept({ deletedCount: 1, license: done.license }) : done;
}
