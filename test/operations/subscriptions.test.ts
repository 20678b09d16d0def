import { createSubscriptions } from "../../functions/src/operations/events/subscriptions.ts";
import { collections } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { endpoint, seedEndpoints } from "../support/events.ts";
import { NOW } from "../support/records.ts";

test("every endpoint of an account with many products is heard, and none beyond its product", async () => {
  const store = openSqliteStore({ path: ":memory:", collections });
  const productOf = (n: number) => `e1e10000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const products = Array.from({ length: 60 }, (_, n) => productOf(n));
  const endpoints = products.flatMap((productId) =>
    Array.from({ length: 10 }, (_, n) =>
      endpoint(`${productId}-${n}`, {
        productId,
        events: [n === 0 ? "license.authorized" : "license.created"],
      }),
    ),
  );
  await seedEndpoints(store, endpoints);
  const subscribed = createSubscriptions({ store, now: () => NOW });
  const wanted = (productId: string) =>
    subscribed("studio", { type: "license.authorized", productId });
  expect(new Set(await Promise.all(products.map(wanted)))).toEqual(new Set([true]));
  expect(await wanted(productOf(60))).toBe(false);
  await store.close();
});
