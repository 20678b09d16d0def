import { createDeliverer } from "../../functions/src/operations/events/deliver.ts";
import { useEngines } from "../support/engines.ts";
import {
  deliveriesTo,
  endpoint,
  event,
  seedEndpoints,
  seedEvents,
  vault,
} from "../support/events.ts";
import { NOW } from "../support/records.ts";

describe.each(useEngines())("$name", ({ open }) => {
  test("two runners at once deliver each event once, in order where that is asked for", async () => {
    const store = open();
    const endpoints = [endpoint("a"), endpoint("b", { ordered: true, format: "geckoguard" })];
    await seedEndpoints(store, endpoints);
    const licenseId = event(900).id;
    await seedEvents(
      store,
      Array.from({ length: 60 }, (_, n) => event(n, { licenseId: n % 2 ? licenseId : null })),
    );
    const sent: string[] = [];
    const runner = () =>
      createDeliverer({
        store,
        now: () => NOW,
        vault,
        chance: () => 0,
        failed: (error) => {
          throw error;
        },
        pause: (ms) => new Promise((done) => setTimeout(done, ms)),
        post: async ({ headers }) => {
          sent.push(String(headers["webhook-id"] ?? headers["X-GeckoGuard-Delivery"]));
          return { status: 200, error: null };
        },
      });
    await Promise.all(
      [runner(), runner()].map(async (each) => {
        for (let round = 0; round < 3; round++) {
          await each.round({ maxBatches: 20 });
          await each.idle();
        }
      }),
    );
    expect(new Set(sent).size).toBe(120);
    expect(sent).toHaveLength(120);
    const ordered = (await deliveriesTo(store, endpoint("b")))
      .filter((delivery) => delivery.licenseId !== null)
      .toSorted((a, b) => a.occurredAt - b.occurredAt)
      .map(({ id }) => sent.indexOf(id));
    expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
    await store.close();
  });
});
