import {
  deliver,
  eventsIn,
  everythingIn,
  licensesIn,
  mailsIn,
  outcomesOf,
  type Signer,
} from "./webhooks.ts";
import { type Json, openWorld, type World } from "./world.ts";

export const EMAIL = "artist@example.com";

type PaymentId = string | { readonly id: string; readonly variant: string };

/** What a provider's tests bring: deliveries that are one purchase of `prod_abc123`. */
export type Deliveries = {
  readonly provider: Signer;
  /** How far the clock is moved before the first delivery. */
  readonly advanceMs?: number;
  readonly sale: Buffer;
  /** Ids by which a product may list what is sold. */
  readonly sold: readonly PaymentId[];
  /** The product's name is not in the sale, or where a buyer could have written it. */
  readonly unnamed: Buffer;
  readonly unnamedSold: string;
  /** By which its seller finds it at the provider. */
  readonly unnamedId: string;
  /** Further events that announce the same sale. */
  readonly again: Readonly<Record<string, Buffer>>;
  readonly refund: Buffer;
  readonly partialRefund: Buffer;
  readonly dispute?: Buffer;
  readonly won?: Buffer;
  /** Whether signatures cover a time. */
  readonly timed: boolean;
  /** Lists of deliveries that end the same in whatever order, with how their license ends. */
  readonly orders: Readonly<
    Record<
      string,
      { deliveries: Readonly<Record<string, Buffer>>; ends: Json; sold?: readonly PaymentId[] }
    >
  >;
};

/** What holds of every provider. */
export function provePayments(about: Deliveries): void {
  const { provider } = about;
  const prepare = async (world: World, paymentIds: readonly PaymentId[] = []) => {
    world.clock.advance(about.advanceMs ?? 0);
    await world.admin("createProduct", {
      name: "Plugin",
      productId: "prod_abc123",
      paymentIds: { [provider]: paymentIds },
    });
  };

  describe("every provider", () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld();
      await prepare(world, about.sold);
    });
    afterEach(() => world.close());
    const send = (raw: Buffer) => deliver(world, provider, raw);
    const sell = async () => {
      expect(await send(about.sale)).toMatchObject({
        status: 200,
        body: { success: true, status: "done" },
      });
    };

    test("200 a sale is a license that verifies at once; its key is in one mail and no answer", async () => {
      const { status, body } = await send(about.sale);
      expect({ status, body }).toEqual({
        status: 200,
        body: { success: true, status: "done", eventId: expect.any(String) },
      });
      const licenses = await licensesIn(world);
      expect(licenses).toMatchObject([{ email: EMAIL, productId: "prod_abc123" }]);
      const licenseKey = String(licenses[0]?.["key"]);
      const verified = await world.call("verify", { licenseKey, productId: "prod_abc123" });
      expect(verified).toMatchObject({ status: 200, body: { valid: true, status: "active" } });
      const mailed = await mailsIn(world);
      expect(mailed).toMatchObject([{ to: EMAIL }]);
      expect(mailed[0]?.message.text).toContain(licenseKey);
    });

    test("200 a repeat answers the same and changes nothing, whatever came between", async () => {
      const first = await send(about.sale);
      await send(about.refund);
      const before = await everythingIn(world);
      world.clock.advance(60_000);
      expect((await send(about.sale)).body).toEqual(first.body);
      await send(about.refund);
      expect(await everythingIn(world)).toEqual(before);
    });

    test("200 other events that announce the sale make no second license and no second mail", async () => {
      await sell();
      const [sold] = await licensesIn(world);
      for (const raw of Object.values(about.again)) await send(raw);
      expect((await licensesIn(world)).length).toBe(1);
      expect((await licensesIn(world))[0]).toMatchObject({ expiresAt: sold?.["expiresAt"] });
      expect(await mailsIn(world)).toHaveLength(1);
    });

    test("200 a partial refund is listed and changes nothing; a full one revokes", async () => {
      await sell();
      const before = await licensesIn(world);
      expect(await send(about.partialRefund)).toMatchObject({
        status: 200,
        body: { success: true, status: "ignored", reason: expect.any(String) },
      });
      expect(await licensesIn(world)).toEqual(before);
      expect(await eventsIn(world, { status: "ignored" })).toHaveLength(1);
      await send(about.refund);
      expect(await licensesIn(world)).toMatchObject([
        { status: "revoked", threatLevel: 4, disputeReason: "refund" },
      ]);
    });

    const { dispute, won } = about;
    if (dispute && won) {
      test("200 a dispute revokes, and a won one reinstates", async () => {
        await sell();
        await send(dispute);
        expect(await licensesIn(world)).toMatchObject([
          { status: "revoked", threatLevel: 4, disputeReason: "chargeback" },
        ]);
        await send(won);
        expect(await licensesIn(world)).toMatchObject([
          { status: "active", threatLevel: 0, disputeReason: null },
        ]);
      });
    }

    if (dispute && won) {
      test("200 a dispute that comes before its sale keeps the keys from the buyer until it is won", async () => {
        await send(dispute);
        await sell();
        expect(await mailsIn(world)).toEqual([]);
        await send(won);
        const [license] = await licensesIn(world);
        const [mail, ...others] = await mailsIn(world);
        expect(mail?.message.text).toContain(license?.["key"]);
        expect(others).toEqual([]);
      });
    }

    test("401 a wrong signature stores nothing but a count", async () => {
      const attempts = [{ secret: "guess" }, { secret: "" }];
      for (const proof of attempts) {
        expect(await deliver(world, provider, about.sale, proof)).toMatchObject({
          status: 401,
          body: { success: false, code: "UNAUTHENTICATED" },
        });
        expect(world.touched()).toEqual({ reads: 0, writes: 0, aggregates: 0 });
      }
      const unsigned = await world.call(`${provider}Webhook`, undefined, { raw: "{}" });
      expect(unsigned.status).toBe(401);
      await world.deps.usage.flush();
      expect(await world.admin("listInboundEvents", {})).toMatchObject({
        events: [],
        rejectedToday: { [provider]: 3, native: 0 },
      });
    });

    if (about.timed) {
      test("400 a signature of 300 s ago is stale, and one from 300 s ahead too", async () => {
        const now = world.clock.now();
        for (const at of [now - 301_000, now + 301_000]) {
          expect(await deliver(world, provider, about.sale, { at })).toMatchObject({
            status: 400,
            body: { code: "INVALID_REQUEST", error: expect.stringContaining("300 seconds") },
          });
        }
        expect(await eventsIn(world)).toEqual([]);
        expect(
          (await deliver(world, provider, about.sale, { at: now - 300_000 })).body,
        ).toMatchObject({ status: "done" });
      });
    }
  });

  test("200 a sale of what no product lists is kept, and becomes a license once one does", async () => {
    const world = await openWorld();
    try {
      // It lists an id: what a buyer writes into a link buys nothing of it.
      await prepare(world, ["something-else"]);
      const { status, body } = await deliver(world, provider, about.unnamed);
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { success: false, status: "failed", error: expect.any(String) },
      });
      expect(await licensesIn(world)).toEqual([]);
      const [failed, ...others] = await eventsIn(world, { status: "failed" });
      expect(others).toEqual([]);
      expect(failed).toMatchObject({ provider, eventId: body["eventId"], attempts: 1 });
      expect(about.unnamed.toString()).toContain(about.unnamedId);
      expect(failed?.["providerEventId"]).toContain(about.unnamedId);
      await world.admin("updateProduct", {
        productId: "prod_abc123",
        paymentIds: { [provider]: [about.unnamedSold] },
      });
      const retried = await world.admin("retryInboundEvent", { eventId: failed?.["eventId"] });
      expect(retried).toMatchObject({ success: true, status: "done" });
      expect(await licensesIn(world)).toMatchObject([{ email: EMAIL, productId: "prod_abc123" }]);
      expect(await mailsIn(world)).toHaveLength(1);
      expect(await eventsIn(world, { status: "failed" })).toEqual([]);
    } finally {
      await world.close();
    }
  });

  test.each(Object.entries(about.orders))("in whatever order: %s", async (_, order) => {
    const outcomes = await outcomesOf(provider, order.deliveries, (world) =>
      prepare(world, order.sold ?? about.sold),
    );
    const [outcome, ...others] = outcomes;
    expect(others.length > 0 ? Object.fromEntries(outcomes) : {}).toEqual({});
    expect(JSON.parse(outcome?.[0] ?? "{}")).toMatchObject({
      licenses: [order.ends],
      unsettled: [],
    });
  });
}
