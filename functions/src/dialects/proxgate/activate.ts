import * as z from "zod";
import { domainFingerprint } from "../../core/domains.ts";
import { takeSlot } from "../../operations/activations/take-slot.ts";
import { defineRoute } from "./define-route.ts";
import { domain, fingerprint, licenseKey, optional, optionalText } from "./fields.ts";
import { activationItem, licenseItem } from "./records.ts";

const address = optional(z.union([z.ipv4(), z.ipv6()], "must be an IPv4 or IPv6 address"));

export const activate = defineRoute({
  path: "/api/v1/licenses/activate",
  scope: "licenses:activate",
  input: z
    .object({
      license_key: licenseKey,
      domain,
      ip_address: address,
      device_fingerprint: fingerprint,
      device_name: optionalText(255),
    })
    .transform(({ domain, device_fingerprint, ...more }, context) => {
      const identity = device_fingerprint ?? (domain && domainFingerprint(domain));
      if (identity !== undefined) return { ...more, domain, identity };
      context.addIssue({ code: "custom", message: "needs a device_fingerprint or a domain" });
      return z.NEVER;
    }),
  async handle(deps, principal, { license_key, domain, identity, ip_address, device_name }) {
    const address = ip_address ?? deps.caller.address;
    const machine = { fingerprint: identity, hostname: device_name, domain, address };
    const taken = await takeSlot(deps, { licenseKey: license_key, machine, principal });
    if (!taken.ok) return taken;
    return {
      message: "License activated",
      already_active: taken.known,
      license: await licenseItem(deps, taken.license, license_key),
      activation: activationItem(taken.activation),
    };
  },
});
