import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type EndUser, ownedBy } from "../../core/end-users.ts";
import { withExpiry } from "../../core/expiry.ts";
import { type AskedExpiry, expiryTerms } from "../../core/expiry-terms.ts";
import { type Policy, policyOf, slotsOfPolicy } from "../../core/policies.ts";
import { saleRefusal } from "../../core/products.ts";
import type { License, Product } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import { auditor } from "../audit.ts";
import { customerOnFirstUse } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { ownersRecounted, ownerToBe } from "../end-users/owners.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { countCreated } from "../stats/usage-counters.ts";
import { saveLicense } from "./change-license.ts";
import { DEFAULT_VARIANT, newLicense } from "./draft-license.ts";
import { type Drawn, drawLicenses } from "./draw-licenses.ts";
import { refile } from "./refile-due.ts";

export type CreateLicensesAsk = {
  readonly productId: string;
  /** Of a single license; left out, keys are generated. */
  readonly key?: string | undefined;
  readonly count: number;
  readonly expiry: AskedExpiry;
  readonly policyOverride: Policy | null;
  readonly endUserId: string | null;
  readonly note: string | null;
};

type Made = Pick<Drawn, "id" | "licenseKey">;

/** Licenses that are alike but for what `made` tells of each. */
export type CreatedLicenses = {
  readonly license: License;
  readonly made: readonly [Made, ...Made[]];
};

/** With the index entries of its facets a license takes some 50 KiB of the 10 MiB that a transaction has in Firestore. */
const MOST_FILED_AT_ONCE = 150;

/**
 * Makes licenses whose limits policies set: all of them or none. One audit entry, an event for each. Many are
 * filed for lists afterwards, by the schedule if it is broken off.
 */
export async function createLicenses(
  deps: Deps,
  principal: Principal,
  ask: CreateLicensesAsk,
): Promise<Decision<CreatedLicenses>> {
  const filedLater = ask.count > MOST_FILED_AT_ONCE;
  const decision = await create(deps, principal, { ...ask, filedLater });
  if (decision.ok && filedLater) {
    const keyHashes = decision.made.map(({ licenseKey }) => keyHashOf(deps, licenseKey));
    const filing = refile(deps, keyHashes);
    deps.aside(() => filing);
    // The licenses are made, whatever becomes of it.
    await filing.catch(() => undefined);
  }
  return decision;
}

async function create(
  deps: Deps,
  principal: Principal,
  ask: CreateLicensesAsk & { readonly filedLater: boolean },
): Promise<Decision<CreatedLicenses>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  const { filedLater } = ask;
  const drawn = drawLicenses(deps, ask);
  const batchId = deps.newId();
  const [first] = drawn;
  let created: License | undefined;
  const decision = await deps.once(async (tx): Promise<Decision<CreatedLicenses>> => {
    created = undefined;
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const { product } = found;
    const unsold = saleRefusal(product);
    if (unsold) return unsold;
    const to = await ownerToBe(tx, product.accountId, ask.endUserId);
    if (!to.ok) return to;
    const terms = expiryTerms(ask.expiry, null);
    if (!terms.ok) return terms;
    if (ask.key !== undefined && (await tx.get(licenses, first.keyHash))) {
      return refuse("LICENSE_KEY_TAKEN", { field: "key" });
    }
    const made = { ...first, now };
    const license = withExpiry(alike(deps, { product, owner: to.owner }, ask, made), terms.terms);
    const welcome = await customerOnFirstUse(tx, license, now);
    const { length } = drawn;
    const recount = await ownersRecounted(
      tx,
      { before: null, after: license },
      { now, licenses: length },
    );
    for (const { id, keyHash, keySealed } of drawn) {
      const after = { ...license, id, keyHash, keySealed };
      saveLicense(deps, tx, { before: null, after, announce, filedLater });
    }
    welcome(tx, announce);
    recount(tx);
    const { accountId } = product;
    const one = { action: "license.create", targetId: license.id, after: license };
    const many = {
      action: "license.createMany",
      targetId: batchId,
      after: { ...license, id: null, licenseIds: drawn.map(({ id }) => id) },
    };
    audit(tx, { accountId, before: null, ...(length === 1 ? one : many) });
    const [{ id, licenseKey }, ...others] = drawn;
    const rest = others.map((other) => ({ id: other.id, licenseKey: other.licenseKey }));
    created = license;
    return accept({ license, made: [{ id, licenseKey }, ...rest] });
  });
  if (created) countCreated(deps, created, drawn.length);
  return decision;
}

/** A new license whose limits policies set. */
export function alike(
  deps: Deps,
  { product, owner }: { readonly product: Product; readonly owner: EndUser | null },
  { policyOverride, note }: Pick<CreateLicensesAsk, "policyOverride" | "note">,
  made: Drawn & { readonly now: number },
): License {
  const what = { product, name: DEFAULT_VARIANT, variant: undefined, unlocks: product.unlocks };
  const { email, ...owned } = ownedBy(owner);
  const { hwid } = policyOf(product.defaultPolicy, policyOverride);
  const bundleId = product.unlocks.length > 0 ? product.handle : undefined;
  const terms = { email, bundleId, maxMachines: slotsOfPolicy(hwid) };
  const { keyHash, keySealed } = made;
  return {
    ...newLicense(deps, what, terms, made),
    ...owned,
    keyHash,
    keySealed,
    policyOverride,
    slotsByPolicy: true,
    note,
  };
}
