import { expiredEvent } from "../../core/events.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { withFacets } from "./facets.ts";
import { type Swept, sweepLicenses } from "./sweep-licenses.ts";

/** Tells of licenses whose expiry has come, once for each expiry. Nothing but the event depends on it. */
export const expireDue = (deps: Deps, { maxLicenses }: { maxLicenses: number }): Promise<Swept> =>
  sweepLicenses(deps, {
    query: "byExpiryToTell",
    maxLicenses,
    settle(tx, license, announce, now) {
      // Put off meanwhile: there is another expiry to tell then.
      if (license.tellExpiryAt === null || license.tellExpiryAt > now) return false;
      const told = { ...license, tellExpiryAt: null };
      const licenseKey = deps.vault.open("license-key", license.keySealed);
      tx.set(licenses, withFacets(deps, told, licenseKey, now));
      announce(tx, expiredEvent(license));
      return true;
    },
  });
