import { suspendedWhenDue } from "../../core/enforcement.ts";
import type { Deps } from "../deps.ts";
import { saveLicense } from "./change-license.ts";
import { type Swept, sweepLicenses } from "./sweep-licenses.ts";

/**
 * Writes `suspended` on licenses whose 72 hours are over, so that lists show what clients are told
 * already.
 */
export const suspendDue = (deps: Deps, { maxLicenses }: { maxLicenses: number }): Promise<Swept> =>
  sweepLicenses(deps, {
    query: "bySuspension",
    maxLicenses,
    settle(tx, before, announce, now) {
      const next = suspendedWhenDue(before, now);
      if (next === before) return false;
      saveLicense(deps, tx, { before, after: { ...next, updatedAt: now }, announce });
      return true;
    },
  });
