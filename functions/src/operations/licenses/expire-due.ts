import { expiredEvent } from "../../core/events.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type Swept, sweepLicenses } from "./sweep-licenses.ts";

/** Tells of licenses whose expiry has come, once for each expiry. Nothing but the event depends on it. */
export const expireDue = (deps: Deps, { maxLicenses }: { maxLicenses: number }): Promise<Swept> =>
  sweepLicenses(deps, {
    query: "byExpiryToTell",
    maxLicenses,
    settle(tx, license, announce, now) {
      // Put off meanwhile: there is another expiry to tell then.
      if (license.tellExpiryAt === null || license.tellExpiryAt > now) return false;
      tx.set(licenses, { ...license, tellExpiryAt: null });
      announce(tx, expiredEvent(license));
      return true;
    },
  });
