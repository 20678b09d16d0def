import type { BlacklistEntry } from "../../core/blacklists.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { addBlacklistEntries, type EntryAsk } from "./add-entries.ts";

/** Adds one entry, or gives it a new reason. */
export async function addBlacklistEntry(
  deps: Deps,
  principal: Principal,
  { productId, ...entry }: EntryAsk & { readonly productId: string },
): Promise<Decision<{ entry: BlacklistEntry; isNew: boolean }>> {
  const added = await addBlacklistEntries(deps, principal, { productId, entries: [entry] });
  if (!added.ok) {
    return added.code === "BLACKLIST_VALUE_INVALID" ? { ...added, field: "value" } : added;
  }
  const [made] = added.entries;
  return made
    ? accept({ entry: made, isNew: added.added === 1 })
    : refuse("BLACKLIST_VALUE_INVALID", { field: "value" });
}
