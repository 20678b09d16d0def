import { accept, type Decision } from "../../core/decision.ts";
import { unlessSame } from "../../core/license-changes.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { StoreUnavailableError, type Transaction } from "../../store/document-store.ts";
import { forgetShards } from "../activations/seat-counter.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { ownersOfDeleted } from "../end-users/owners.ts";
import { announcer } from "../events/announce.ts";
import { mayReach, type Principal } from "../principal.ts";
import { saveLicense } from "./change-license.ts";

/** As many as one query finds by their ids. */
const AT_ONCE = 30;
const MAX_LOOKS = 50;

export type Skipped = { readonly licenseId: string; readonly reason: string };
export type ManyChanged = {
  readonly changed: readonly string[];
  readonly skipped: readonly Skipped[];
};

type Change = {
  readonly action: string;
  /** The license as it shall be, null where it shall not be at all, or why it stays as it is. */
  readonly to: (license: License, now: number) => License | null | string;
};

/**
 * Changes licenses one group and one transaction after the other. Under an `Idempotency-Key` a group that was
 * changed is not changed again, so that a repetition after a crash goes on where it stopped.
 */
export async function changeMany(
  deps: Deps,
  principal: Principal,
  { licenseIds, ...change }: Change & { readonly licenseIds: readonly string[] },
): Promise<ManyChanged> {
  const ids = [...new Set(licenseIds)];
  const changed: string[] = [];
  const skipped: Skipped[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const group = ids.slice(from, from + AT_ONCE);
    const part = await changeGroup(deps, principal, { group, name: `${from}`, change });
    changed.push(...part.changed);
    skipped.push(...part.skipped);
  }
  return { changed, skipped };
}

async function changeGroup(
  deps: Deps,
  principal: Principal,
  { group, name, change }: { group: readonly string[]; name: string; change: Change },
): Promise<ManyChanged> {
  for (let look = 1; look <= MAX_LOOKS; look++) {
    const now = deps.now();
    const announce = announcer(deps);
    const audits = group.map(() => auditor(deps, principal));
    const { items } = await deps.store.query(licenses, "byIdentity", {
      equal: { id: group },
      limit: AT_ONCE,
    });
    const keyHashes = items.map(({ keyHash }) => keyHash);
    const decision = await deps.oncePart(`licenses-${name}`)(
      async (tx): Promise<Decision<ManyChanged> | null> => {
        const found = keyHashes.length > 0 ? await tx.getMany(licenses, keyHashes) : [];
        // A rotation moved one, or it was deleted: what there is now decides.
        if (found.some((license, index) => license?.id !== items[index]?.id)) return null;
        const byId = new Map(found.map((license) => [license?.id, license]));
        const plan = group.map((licenseId) => {
          const before = byId.get(licenseId);
          return before && mayReach(principal, before.accountId, before.productId)
            ? { licenseId, before, to: planned(before, change.to(before, now)) }
            : { licenseId, before, to: "NOT_FOUND" };
        });
        const deleted = plan.flatMap(({ before, to }) => (to === null && before ? [before] : []));
        const recount = await ownersOfDeleted(tx, deleted, now);
        const skipped: Skipped[] = [];
        const changed: string[] = [];
        for (const [index, { licenseId, before, to }] of plan.entries()) {
          if (typeof to === "string" || !before) {
            skipped.push({ licenseId, reason: String(to) });
            continue;
          }
          const after = to && { ...to, updatedAt: now };
          write(deps, tx, { before, after, announce });
          const { accountId } = before;
          const entry = { accountId, action: change.action, targetId: licenseId };
          audits[index]?.(tx, { ...entry, before, after });
          changed.push(licenseId);
        }
        recount(tx);
        return accept({ changed, skipped });
      },
    );
    if (decision?.ok) return decision;
  }
  throw new StoreUnavailableError("The licenses' keys kept changing.");
}

const planned = (before: License, to: License | null | string): License | null | string =>
  to !== null && typeof to !== "string" && unlessSame(before, to) === before ? "UNCHANGED" : to;

function write(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  {
    before,
    after,
    announce,
  }: Omit<Parameters<typeof saveLicense>[2], "after" | "before"> & {
    readonly before: License;
    readonly after: License | null;
  },
): void {
  if (after) {
    saveLicense(deps, tx, { before, after, announce });
    return;
  }
  tx.delete(licenses, before.keyHash);
  forgetShards(tx, before);
}
