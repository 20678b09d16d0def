import { accept, type Decision, type Refusal, refuse } from "../../core/decision.ts";
import { withExpiry } from "../../core/expiry.ts";
import { type AskedExpiry, expiryTerms } from "../../core/expiry-terms.ts";
import { frozen, revoked } from "../../core/license-changes.ts";
import type { License, Product } from "../../core/records.ts";
import { licenses, products } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { mayReach, type Principal } from "../principal.ts";
import { countCreated } from "../stats/usage-counters.ts";
import { saveLicense } from "./change-license.ts";
import { alike } from "./create-licenses.ts";

/** Rows of one transaction. */
const AT_ONCE = 50;

export type KeyRow = {
  readonly productId: string;
  readonly key: string;
  readonly expiry: AskedExpiry;
  readonly activatedAt: number | null;
  readonly hold: "suspended" | "revoked" | null;
  readonly note: string | null;
};

/** Null of a row that made a license. */
export type KeyOutcome = Refusal | null;

/**
 * Makes licenses with keys that their customers have already, each row for itself; of a key that is
 * there, `LICENSE_KEY_TAKEN`. Under an `Idempotency-Key` rows that were imported are known as such.
 */
export async function importKeys(
  deps: Deps,
  principal: Principal,
  rows: readonly KeyRow[],
): Promise<readonly KeyOutcome[]> {
  const outcomes: KeyOutcome[] = [];
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const part = rows.slice(from, from + AT_ONCE);
    outcomes.push(...(await importPart(deps, principal, part, `rows-${from}`)));
  }
  return outcomes;
}

async function importPart(
  deps: Deps,
  principal: Principal,
  rows: readonly KeyRow[],
  name: string,
): Promise<readonly KeyOutcome[]> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  const batchId = deps.newId();
  const drawn = rows.map(({ key }) => ({
    ...{ id: deps.newId(), licenseKey: key, keyHash: keyHashOf(deps, key), now },
    keySealed: deps.vault.seal("license-key", key),
  }));
  const keyHashes = [...new Set(drawn.map(({ keyHash }) => keyHash))];
  const productIds = [...new Set(rows.map(({ productId }) => productId))];
  let made: License[] = [];
  const decision = await deps.oncePart(name)(
    async (tx): Promise<Decision<{ outcomes: KeyOutcome[] }>> => {
      const found = await tx.getMany(products, productIds);
      const taken = await tx.getMany(licenses, keyHashes);
      const productOf = new Map(found.map((product) => [product?.id, product]));
      const used = new Set(taken.map((license) => license?.keyHash));
      const drafts = rows.map((row, index) => {
        const product = productOf.get(row.productId);
        const one = drawn[index];
        if (!product || !one || !mayReach(principal, product.accountId, product.id)) {
          return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
        }
        if (used.has(one.keyHash)) return refuse("LICENSE_KEY_TAKEN", { field: "key" });
        const draft = drafted(deps, product, row, one);
        if (draft.ok) used.add(one.keyHash);
        return draft;
      });
      made = drafts.flatMap((draft) => (draft.ok ? [draft.license] : []));
      for (const after of made) saveLicense(deps, tx, { before: null, after, announce });
      const [first] = made;
      if (first) {
        audit(tx, {
          accountId: first.accountId,
          action: "license.importMany",
          targetId: batchId,
          before: null,
          after: { licenseIds: made.map(({ id }) => id) },
        });
      }
      return accept({ outcomes: drafts.map((draft) => (draft.ok ? null : draft)) });
    },
  );
  if (!decision.ok) throw new TypeError("An import has an outcome for each row.");
  for (const license of made) countCreated(deps, license);
  return decision.outcomes;
}

function drafted(
  deps: Deps,
  product: Product,
  { expiry, activatedAt, hold, note }: KeyRow,
  made: Parameters<typeof alike>[3],
): Decision<{ license: License }> {
  const terms = expiryTerms(expiry, null);
  if (!terms.ok) return terms;
  const plain = alike(deps, { product, owner: null }, { policyOverride: null, note }, made);
  const license = withExpiry({ ...plain, activatedAt }, terms.terms);
  if (hold === null) return accept({ license });
  const held = { ...license, standingChangedAt: made.now };
  if (hold === "suspended") return frozen(held, made.now);
  return accept({ license: revoked(held, "manual", made.now) });
}
