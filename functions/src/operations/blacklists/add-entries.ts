import {
  type BlacklistEntry,
  blacklistWith,
  foldValue,
  isRange,
  MOST_ENTRIES_AT_ONCE,
  MOST_RANGES,
} from "../../core/blacklists.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { sha256Hex } from "../../crypto/signatures.ts";
import { blacklistEntries, products } from "../../store/collections.ts";
import { inLots } from "../../store/lots.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { blacklistEntryId, canonicalValue } from "./values.ts";

export type EntryAsk = Pick<BlacklistEntry, "type" | "value"> & {
  /** Left out, an entry that is there keeps its own. */
  readonly reason?: string | null | undefined;
};

export type EntriesAdded = {
  /** One for each value, in the order in which the values came first. */
  readonly entries: readonly BlacklistEntry[];
  /** How many of them are new. */
  readonly added: number;
};

type Wanted = EntryAsk & { readonly valueHash: string };

/**
 * Adds up to `MOST_ENTRIES_AT_ONCE` entries, or gives those that are there their new reason: all of them or none, but
 * for long values, of which a transaction takes few. Again it changes nothing.
 */
export async function addBlacklistEntries(
  deps: Deps,
  principal: Principal,
  ask: { readonly productId: string; readonly entries: readonly EntryAsk[] },
): Promise<Decision<EntriesAdded>> {
  if (ask.entries.length > MOST_ENTRIES_AT_ONCE) throw new RangeError("too many for one change");
  const wanted = new Map<string, Wanted>();
  for (const [index, entry] of ask.entries.entries()) {
    const value = canonicalValue(entry.type, entry.value);
    if (value === undefined) {
      return refuse("BLACKLIST_VALUE_INVALID", { field: `entries.${index}.value` });
    }
    const valueHash = sha256Hex(new TextEncoder().encode(value));
    wanted.set(`${entry.type} ${valueHash}`, { ...entry, value, valueHash });
  }
  const searched = [...wanted.values()].map((one) => ({ ...one, folded: foldValue(one.value) }));
  const lots = inLots(blacklistEntries, searched, { most: MOST_ENTRIES_AT_ONCE });
  const entries: BlacklistEntry[] = [];
  let added = 0;
  for (const [index, lot] of lots.entries()) {
    const transaction = index === 0 ? deps.once : deps.oncePart(`entries-${index}`);
    const done = await addLot(deps, principal, { productId: ask.productId, lot, transaction });
    if (!done.ok) return done;
    entries.push(...done.entries);
    added += done.added;
  }
  return accept({ entries, added });
}

async function addLot(
  deps: Deps,
  principal: Principal,
  ask: {
    readonly productId: string;
    readonly lot: readonly (Wanted & Pick<BlacklistEntry, "folded">)[];
    readonly transaction: Deps["once"];
  },
): Promise<Decision<EntriesAdded>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return ask.transaction(async (tx): Promise<Decision<EntriesAdded>> => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const { id: productId, accountId, blacklist } = found.product;
    const asked = ask.lot.map((entry) => ({
      ...entry,
      id: blacklistEntryId(productId, entry.type, entry.valueHash),
    }));
    const known = await tx.getMany(
      blacklistEntries,
      asked.map(({ id }) => id),
    );
    const entries = asked.map(
      ({ id, type, value, valueHash, folded, reason }, index): BlacklistEntry => {
        const before = known[index];
        return {
          id,
          accountId,
          productId,
          type,
          value,
          valueHash,
          folded,
          reason: reason === undefined ? (before?.reason ?? null) : reason,
          createdAt: before?.createdAt ?? now,
          updatedAt: now,
        };
      },
    );
    const after = entries.reduce(
      (all, entry, index) => blacklistWith(all, entry, { known: known[index] !== undefined }),
      blacklist,
    );
    if (after.ranges.length > MOST_RANGES && after.ranges.length > blacklist.ranges.length) {
      return refuse("BLACKLIST_RANGES_TOO_MANY", { limit: MOST_RANGES });
    }
    for (const entry of entries) tx.set(blacklistEntries, entry);
    const added = known.filter((entry) => !entry).length;
    if (added > 0 || entries.some(isRange)) tx.update(products, productId, { blacklist: after });
    const [first] = entries;
    const one = entries.length === 1 && first;
    audit(tx, {
      accountId,
      action: "blacklist.add",
      targetId: one ? one.id : productId,
      before: one ? (known[0] ?? null) : null,
      after: one || {
        entries: entries.map(({ type, value, reason }) => ({ type, value, reason })),
      },
    });
    return accept({ entries, added });
  });
}
