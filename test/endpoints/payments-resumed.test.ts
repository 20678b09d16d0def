import { outbox } from "../../functions/src/store/collections.ts";
import { deliver, eventsIn, payload, type Signer } from "../support/webhooks.ts";
import { openWorld } from "../support/world.ts";

type Round = readonly [cancelled: Buffer, resumed: Buffer];

const stripe = (round: number): Round => {
  const from = (id: string, changes: Record<string, unknown> = {}) =>
    payload("stripe/customer.subscription.updated.cancel_at_period_end", { id, ...changes });
  return [
    from(`evt_cancelled_${round}`),
    from(`evt_resumed_${round}`, {
      "data.object.cancel_at": null,
      "data.object.cancel_at_period_end": false,
      "data.previous_attributes": { cancel_at: 1_794_592_000, cancel_at_period_end: true },
    }),
  ];
};
const paddle = (round: number): Round => {
  const from = (event_id: string, changes: Record<string, unknown> = {}) =>
    payload("paddle/subscription.updated.scheduled_cancel", { event_id, ...changes });
  return [
    from(`evt_cancelled_${round}`),
    from(`evt_resumed_${round}`, { "data.scheduled_change": null }),
  ];
};
const lemonSqueezy = (round: number): Round => {
  const from = (changes: Record<string, unknown>) =>
    payload("lemon-squeezy/subscription_cancelled", changes);
  const updated = "data.attributes.updated_at";
  return [
    from({ [updated]: `2026-11-1${round}T08:00:00Z` }),
    from({
      "meta.event_name": "subscription_resumed",
      "data.attributes.status": "active",
      [updated]: `2026-11-1${round}T09:00:00Z`,
    }),
  ];
};

test.each<[Signer, readonly Buffer[], (round: number) => Round]>([
  ["stripe", [payload("stripe/invoice.paid.subscription_create")], stripe],
  [
    "paddle",
    [
      payload("paddle/customer.created"),
      payload("paddle/transaction.completed.subscription_first"),
    ],
    paddle,
  ],
  ["lemonSqueezy", [payload("lemon-squeezy/subscription_created")], lemonSqueezy],
])(
  "%s: each cancellation is told, also after one was taken back",
  async (provider, sale, rounds) => {
    const world = await openWorld();
    try {
      const ids = { paddle: ["pro_01fxproduct100000000000000"], lemonSqueezy: ["600001"] };
      await world.admin("createProduct", { name: "p", productId: "prod_abc123", paymentIds: ids });
      const cancellations = async () =>
        (await world.store.query(outbox, "oldest", { limit: 100 })).items.filter(
          ({ type }) => type === "payment.cancelled",
        ).length;
      const [early, earlyBack] = rounds(0);
      await deliver(world, provider, earlyBack);
      for (const raw of sale) await deliver(world, provider, raw);
      expect(await cancellations()).toBe(0);
      await deliver(world, provider, early);
      expect(await cancellations()).toBe(1);
      for (const round of [1, 2]) {
        const [, back] = rounds(round);
        await deliver(world, provider, back);
        expect(await cancellations()).toBe(round);
        await deliver(world, provider, rounds(round + 2)[0]);
        expect(await cancellations()).toBe(round + 1);
      }
      expect(await eventsIn(world, { status: "failed" })).toEqual([]);
      expect(await eventsIn(world, { status: "waiting" })).toEqual([]);
    } finally {
      await world.close();
    }
  },
);
