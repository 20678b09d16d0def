import { VARIABLE_SCOPES } from "../../core/app-variables.ts";
import { BLACKLIST_TYPES } from "../../core/blacklists.ts";
import { bytesName } from "../../core/product-files.ts";
import {
  activations,
  appReleases,
  appVariableCounts,
  appVariables,
  appVersions,
  blacklistEntries,
  codes,
  planPaymentIds,
  plans,
  productFiles,
  productRemovals,
  redemptionCodes,
  redemptionLog,
  reservations,
  variants,
} from "../../store/collections.ts";
import type { AnyCollection } from "../../store/document-store.ts";
import { inLots } from "../../store/lots.ts";
import { codegateReservationId } from "../api-keys/create-codegate-key.ts";
import { variableCountId } from "../app-variables/variable-ids.ts";
import type { Deps } from "../deps.ts";
import type { Swept } from "../licenses/sweep-licenses.ts";
import { planPaymentId } from "../plans/payment-ids.ts";
import { forgetLicenses } from "./forget-licenses.ts";

const PAGE = 100;
/** A log is looked for by a list of its codes. */
const CODES_AT_ONCE = 30;

type Removal = { readonly id: string; readonly accountId: string };

/** Deletes one page of one kind of thing of the product; how many there were. */
type Step = (deps: Pick<Deps, "store" | "now" | "blobs">, removal: Removal) => Promise<number>;

const steps: readonly Step[] = [
  (deps, { id }) => forgetLicenses(deps, id),
  async ({ store }, { id: productId }) => {
    const equal = { productId };
    const page = await store.query(activations, "countOfProduct", { equal, limit: PAGE });
    return drop(store, activations, page.items);
  },
  async ({ store }, { id: productId }) => {
    const page = await store.query(variants, "byProduct", { equal: { productId }, limit: PAGE });
    return drop(store, variants, page.items);
  },
  async ({ store }, { id: scope, accountId }) => {
    const page = await store.query(codes, "byScope", { equal: { accountId, scope }, limit: PAGE });
    return drop(store, codes, page.items);
  },
  forgetRedemptionCodes,
  async ({ store }, { id: productId }) => {
    const equal = { productId, type: BLACKLIST_TYPES };
    const page = await store.query(blacklistEntries, "byType", {
      equal,
      substring: "",
      limit: PAGE,
    });
    return drop(store, blacklistEntries, page.items);
  },
  async ({ store }, { id: productId }) => {
    const equal = { productId, scope: VARIABLE_SCOPES };
    const page = await store.query(appVariables, "byScope", { equal, limit: PAGE });
    return drop(store, appVariables, page.items);
  },
  async ({ store }, { id: productId }) => {
    const page = await store.query(appVersions, "byProduct", { equal: { productId }, limit: PAGE });
    return drop(store, appVersions, page.items);
  },
  forgetPlans,
  forgetFiles,
];

/**
 * Deletes what hangs on products that are deleted, oldest deletion first. What is deleted leaves the queries, so the
 * next run goes on where this one stopped.
 */
export async function forgetProducts(
  deps: Pick<Deps, "store" | "now" | "blobs">,
  { maxLicenses: most }: { readonly maxLicenses: number },
): Promise<Swept> {
  let settled = 0;
  for (;;) {
    const { items } = await deps.store.query(productRemovals, "oldest", { limit: 1 });
    const [removal] = items;
    if (!removal) return { settled, more: false };
    for (const step of steps) {
      for (let done = -1; done !== 0; settled += done) {
        if (settled >= most) return { settled, more: true };
        done = await step(deps, removal);
      }
    }
    await close(deps, removal);
  }
}

function close({ store }: Pick<Deps, "store">, { id }: Removal): Promise<void> {
  const gone = (collection: AnyCollection, id: string) =>
    ({ kind: "delete", collection, id }) as const;
  return store.commit([
    gone(appReleases, id),
    ...VARIABLE_SCOPES.map((scope) => gone(appVariableCounts, variableCountId(id, scope))),
    gone(reservations, codegateReservationId(id)),
    gone(productRemovals, id),
  ]);
}

/** Who subscribed keeps it to the end of the period. */
async function forgetPlans(
  { store }: Pick<Deps, "store">,
  { id: productId }: Removal,
): Promise<number> {
  const { items } = await store.query(plans, "byProduct", { equal: { productId }, limit: PAGE });
  const sold = items.flatMap(({ providerIds }) =>
    providerIds.map((one) => ({ id: planPaymentId({ productId, ...one }) })),
  );
  await drop(store, planPaymentIds, sold);
  return drop(store, plans, items);
}

/** Codes go after what was logged of them, which is found through them. */
async function forgetRedemptionCodes(
  { store }: Pick<Deps, "store">,
  { id: productId }: Removal,
): Promise<number> {
  const equal = { productId, state: ["unused", "used", "disabled"] };
  const page = await store.query(redemptionCodes, "byUse", { equal, limit: CODES_AT_ONCE });
  const codeId = page.items.map(({ id }) => id);
  for (let logged = codeId.length; logged > 0; ) {
    const log = await store.query(redemptionLog, "byCode", { equal: { codeId }, limit: PAGE });
    logged = await drop(store, redemptionLog, log.items);
  }
  return drop(store, redemptionCodes, page.items);
}

/** A file is hidden before its bytes go and forgotten after: no crash leaves one that cannot be sent, or lost bytes. */
async function forgetFiles(
  { store, blobs }: Pick<Deps, "store" | "blobs">,
  { id: productId }: Removal,
): Promise<number> {
  const { items } = await store.query(productFiles, "byProduct", {
    equal: { productId },
    limit: PAGE,
  });
  await store.commit(
    items.map((file) => ({
      kind: "set" as const,
      collection: productFiles,
      record: { ...file, public: false },
    })),
  );
  for (const file of items) await blobs.delete(bytesName(file));
  return drop(store, productFiles, items);
}

async function drop(
  store: Deps["store"],
  collection: AnyCollection,
  items: readonly Readonly<Record<string, unknown>>[],
): Promise<number> {
  for (const lot of inLots(collection, items, { most: PAGE })) {
    const ids = lot.map((item) => String(item[collection.idField]));
    await store.commit(ids.map((id) => ({ kind: "delete" as const, collection, id })));
  }
  return items.length;
}
