import { accept, type Decision } from "../../core/decision.ts";
import { endSessions } from "../../core/sessions.ts";
import { licenses } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { withLicense } from "./find-license.ts";
import { concurrencyOf } from "./list-sessions.ts";

/**
 * Ends a license's active sessions, or the one of that row or name. Who comes with such a name is turned
 * away for a day.
 */
export function revokeSessions(
  deps: Deps,
  principal: Principal,
  { licenseId, session }: { readonly licenseId: string; readonly session?: string | undefined },
): Promise<Decision<{ revoked: number }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return withLicense(deps, principal, {
    which: { licenseId },
    transaction: deps.once,
    body: async (tx, before): Promise<Decision<{ revoked: number }>> => {
      const policy = await concurrencyOf(tx, before);
      const ended = endSessions(before, { session, policy, now });
      if (!ended.ok) return ended;
      const { license, revoked } = ended;
      if (license === before) return accept({ revoked });
      tx.set(licenses, { ...license, updatedAt: now });
      audit(tx, {
        accountId: before.accountId,
        action: "license.revokeSessions",
        targetId: before.id,
        before: null,
        after: { revoked },
      });
      return accept({ revoked });
    },
  });
}
