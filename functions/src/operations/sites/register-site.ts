import type { Machine } from "../../core/activations.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { type Registration, registered, type Site } from "../../core/sites.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { sites } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { takeSlot } from "../activations/take-slot.ts";
import type { Deps } from "../deps.ts";
import type { AccountPrincipal } from "../principal.ts";
import { newSiteToken } from "./site-tokens.ts";

export type RegisterSiteAsk = Omit<Registration, "tokenHash"> &
  Pick<Site, "identity"> & {
    /** The license that the site shall use, and the machine that it is on it. */
    readonly license?: { readonly key: string; readonly machine: Machine } | undefined;
  };

type Registered = {
  readonly site: Site;
  readonly token: string;
  /** Where one was asked for. */
  readonly license: License | undefined;
};

/** Puts a site on file, or again: its token is new then, and the one before it stops. */
export async function registerSite(
  deps: Deps,
  principal: AccountPrincipal,
  { identity, license: wanted, ...ask }: RegisterSiteAsk,
): Promise<Decision<Registered>> {
  const { accountId } = principal;
  const id = derivedUuid("site", accountId, identity);
  const { token, tokenHash } = newSiteToken(deps, id);
  const now = deps.now();
  let site: Site | undefined;
  const beside = async (reader: Transaction) => {
    const known = await reader.get(sites, id);
    if (known?.status === "revoked") return refuse("SITE_REVOKED");
    return (tx: Transaction, held?: { readonly license: License }) => {
      const who = { id, accountId, identity };
      site = registered(known, who, { ...ask, tokenHash }, held?.license, now);
      tx.set(sites, site);
    };
  };
  const taken = wanted
    ? await takeSlot(deps, {
        principal,
        licenseKey: wanted.key,
        machine: wanted.machine,
        beside,
      })
    : await deps.once(async (tx) => {
        const write = await beside(tx);
        if (typeof write === "object") return write;
        write(tx);
        return accept({ license: undefined });
      });
  if (!taken.ok) return taken;
  if (!site) throw new Error("The site was not written.");
  return accept({ site, token, license: taken.license });
}
