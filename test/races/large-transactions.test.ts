import { addBlacklistEntries } from "../../functions/src/operations/blacklists/add-entries.ts";
import { createLicenses } from "../../functions/src/operations/licenses/create-licenses.ts";
import { refileAll } from "../../functions/src/operations/licenses/refile-due.ts";
import { deleteProduct } from "../../functions/src/operations/products/delete-product.ts";
import { forgetProducts } from "../../functions/src/operations/products/forget-products.ts";
import { createCodes } from "../../functions/src/operations/redemption-codes/create-codes.ts";
import {
  blacklistEntries,
  endUsers,
  licenses,
  productRemovals,
  redemptionCodes,
} from "../../functions/src/store/collections.ts";
import {
  StoreUnavailableError,
  type TransactionBody,
} from "../../functions/src/store/document-store.ts";
import { putEndUser } from "../support/end-users.ts";
import { useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, openGecko } from "../support/geckoguard.ts";
import { productOf } from "../support/products.ts";
import type { Reply, World } from "../support/world.ts";

const by = { kind: "administrator" } as const;
const FILED_TOGETHER = 25;

/** As Firestore counts a transaction: documents and the index entries that change with them. */
describe.each(useEngines())("on $name, what makes many index entries", ({ open }) => {
  let world: World;
  let productId: string;
  beforeEach(async () => {
    world = await openGecko({ store: open() });
    await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
    ({ id: productId } = await productOf(world));
  });
  afterEach(() => world.close());

  test("codes of any length are made, and go with their product", async () => {
    const texts = [
      ...Array.from({ length: 250 }, (_, n) => `#${n}`.padStart(24, "ABCDE-12345-")),
      ...Array.from({ length: 12 }, (_, n) => `#${n}`.padStart(100, "abcdefghij klmnopqrstuvwxyz")),
    ];
    const made = await createCodes(world.deps, by, { productId, texts });
    expect(made).toMatchObject({ ok: true, duplicates: 0 });
    const equal = { productId, state: ["unused"] };
    const count = () => world.store.count(redemptionCodes, "byUse", { equal });
    expect(await count()).toBe(texts.length);
    expect((await deleteProduct(world.deps, by, productId)).ok).toBe(true);
    expect(await count()).toBe(0);
  }, 60_000);

  test("200 devices named by long hashes are blacklisted, and go with their product", async () => {
    const entries = Array.from({ length: 200 }, (_, n) => ({
      type: "HWID" as const,
      value: `${n}`.padStart(128, "0123456789abcdef"),
    }));
    const added = await addBlacklistEntries(world.deps, by, { productId, entries });
    expect(added).toMatchObject({ ok: true, added: 200 });
    expect(added.ok && added.entries.map(({ value }) => value)).toEqual(
      entries.map(({ value }) => value),
    );
    expect((await productOf(world)).blacklist.hwids).toBe(200);
    const again = await addBlacklistEntries(world.deps, by, { productId, entries });
    expect(again).toMatchObject({ ok: true, added: 0 });
    expect((await productOf(world)).blacklist.hwids).toBe(200);
    expect((await deleteProduct(world.deps, by, productId)).ok).toBe(true);
    await forgetProducts(world.deps, { maxLicenses: 1_000 });
    const equal = { productId, type: ["HWID"] };
    expect(await world.store.count(blacklistEntries, "byType", { equal, substring: "" })).toBe(0);
    expect((await world.store.query(productRemovals, "oldest", { limit: 1 })).items).toEqual([]);
  }, 60_000);

  test("500 licenses that are searched for by all that they have are made at once", async () => {
    const owner = await putEndUser(world, { email: "somebody.with.a.long.name@example.com" });
    const made = await createLicenses(world.deps, by, {
      productId,
      count: 500,
      expiry: {},
      policyOverride: null,
      endUserId: owner.id,
      note: "a note that somebody may look for",
    });
    expect(made.ok && made.made).toHaveLength(500);
    const equal = { endUserId: owner.id };
    expect(await world.store.count(licenses, "byEndUser", { equal })).toBe(500);
    expect((await world.store.get(endUsers, owner.id))?.licenseCounts).toEqual({
      [productId]: 500,
    });
  }, 60_000);

  describe("of 320 licenses that are made and cannot be filed for lists", () => {
    const gone = () => Promise.reject(new StoreUnavailableError("gone"));
    let make: () => Promise<Reply>;
    let listed: () => Promise<number>;
    beforeEach(async () => {
      const owner = await geckoKey(world, "prod_tools");
      const path = `/v1/products/${productId}/licenses`;
      const headers = { "Idempotency-Key": "many" };
      make = () => geckoCall(world, `POST ${path}`, owner, { body: { count: 320 }, headers });
      listed = async () => {
        const { body } = await geckoCall(world, `GET ${path}`, owner);
        return (body["data"] as { pagination: { total: number } }).pagination.total;
      };
    });
    /** So many transactions fail after the one that makes the licenses. */
    async function failing(count: number): Promise<Reply> {
      const { store } = world.deps;
      const { transaction, commit } = store;
      let calls = 0;
      Object.assign(store, {
        transaction(body: TransactionBody<unknown>) {
          calls += 1;
          return calls > 1 && calls <= 1 + count ? gone() : transaction.call(store, body);
        },
        ...(Number.isFinite(count) ? {} : { commit: gone }),
      });
      return make().finally(() => Object.assign(store, { transaction, commit }));
    }

    test("the answer stands, and the schedule files them", async () => {
      const made = await failing(FILED_TOGETHER);
      expect([made.status, await listed()]).toEqual([201, 0]);
      expect(await refileAll(world.deps, { maxLicenses: 1_000 })).toMatchObject({ settled: 320 });
      expect([(await make()).body, await listed()]).toEqual([made.body, 320]);
    });

    test("a repetition after a crash gives the same licenses, and files them", async () => {
      const crashed = await failing(Number.POSITIVE_INFINITY);
      expect([crashed.status, await listed()]).toEqual([503, 0]);
      const retried = await make();
      expect([retried.status, await listed()]).toEqual([201, 320]);
      expect([(await make()).body, await listed()]).toEqual([retried.body, 320]);
    });
  });
});
