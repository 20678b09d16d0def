import { mails, paymentClaims } from "../../functions/src/store/collections.ts";
import { useEngines } from "../support/engines.ts";
import { DAY, HOUR, type Json, machine, NOW, openWorld, type World } from "../support/world.ts";

const SECRET = { headers: { "x-webhook-secret": "test-native-secret" } };
const day = (days: number) => new Date(NOW + days * DAY).toISOString();

describe.each(useEngines().filter(({ name }) => name !== "SQLite in a file"))(
  "on $name",
  ({ open, retries }) => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld({ store: open() });
      await world.license();
    });
    afterEach(() => world.close());

    const send = (body: Json) =>
      world.call(
        "webhook",
        {
          type: "purchase.completed",
          email: "buyer@example.com",
          productId: "prod_tools",
          ...body,
        },
        SECRET,
      );
    const sold = async (body: Json = {}) => {
      const reply = await send({ purchaseId: "pur_1", ...body });
      expect(reply).toMatchObject({ status: 200, body: { success: true, status: "done" } });
      return String(reply.body["licenseKey"]);
    };
    const licenseOf = async (licenseKey: string) =>
      (await world.admin("getLicense", { licenseKey }))["license"] as Json;
    const bought = async () =>
      (await world.admin("listLicenses", { email: "buyer@example.com" }))["licenses"] as Json[];
    const events = async (more: Json = {}) =>
      (await world.admin("listInboundEvents", more))["events"] as Json[];
    const mailed = async () => (await world.store.query(mails, "due", { limit: 100 })).items;

    describe.each(["createLicense", "importLicenses"])("a license of %s", (name) => {
      const asked = { email: "buyer@example.com", productId: "prod_tools", purchaseId: "pur_1" };
      const made = async (more: Json = {}) => {
        if (name === "createLicense") {
          return String((await world.admin(name, { ...asked, ...more }))["licenseKey"]);
        }
        const licenseKey = "OLD-KEY-1";
        const rows = [{ licenseKey, ...asked, ...more }];
        expect(await world.admin(name, { licenses: rows })).toMatchObject({ importedCount: 1 });
        return licenseKey;
      };

      test.each([
        ["purchase.refunded", "refund"],
        ["purchase.disputed", "chargeback"],
      ])("is revoked by the %s of the purchase it names, and no other is", async (type, reason) => {
        const key = await made();
        const { licenseKey: other } = await world.admin("createLicense", {
          ...asked,
          purchaseId: "pur_2",
        });
        expect(await send({ type, purchaseId: "pur_1" })).toMatchObject({
          body: { status: "done" },
        });
        expect(await licenseOf(key)).toMatchObject({
          status: "revoked",
          threatLevel: 4,
          disputeReason: reason,
        });
        expect(await licenseOf(String(other))).toMatchObject({ status: "active" });
      });

      test("is the license of its sale that is announced too", async () => {
        const key = await made();
        expect(await send({ purchaseId: "pur_1" })).toMatchObject({ body: { licenseKey: key } });
        expect(await bought()).toHaveLength(1);
      });

      test("is revoked from the start where its refund came before", async () => {
        await send({ type: "purchase.refunded", purchaseId: "pur_1" });
        expect(await events()).toMatchObject([{ status: "waiting" }]);
        expect(await licenseOf(await made())).toMatchObject({
          status: "revoked",
          disputeReason: "refund",
        });
        expect(await events()).toMatchObject([{ status: "done" }]);
      });

      test("is extended by renewals of its purchase, before and after", async () => {
        const renewed = { type: "subscription.renewed", purchaseId: "pur_1", durationDays: 10 };
        await send({ ...renewed, renewalId: "1" });
        const key = await made({ expiresAt: day(10) });
        expect(await licenseOf(key)).toMatchObject({ expiresAt: day(20) });
        await send({ ...renewed, renewalId: "2" });
        expect(await licenseOf(key)).toMatchObject({ expiresAt: day(30) });
      });
    });

    test("licenses that name one purchase are all revoked by its refund", async () => {
      const asked = { email: "buyer@example.com", productId: "prod_tools", purchaseId: "pur_1" };
      const first = await sold();
      const { licenseKey: second } = await world.admin("createLicense", asked);
      await send({ type: "purchase.refunded", purchaseId: "pur_1" });
      for (const key of [first, String(second)]) {
        expect(await licenseOf(key)).toMatchObject({ status: "revoked" });
      }
    });

    test("licenses imported at once under one purchase are all filed", async () => {
      const purchase = { productId: "prod_tools", purchaseId: "pur_1" };
      const rows = Array.from({ length: 30 }, (_, index) => ({
        licenseKey: `OLD-${index}`,
        email: `b${index}@example.com`,
        ...purchase,
      }));
      expect(await world.admin("importLicenses", { licenses: rows })).toMatchObject({
        importedCount: 30,
      });
      await send({ type: "purchase.refunded", purchaseId: "pur_1" });
      const revoked = await world.admin("listLicenses", { status: "revoked", limit: 500 });
      expect(revoked["licenses"]).toHaveLength(30);
    });

    test("a sale is a license that verifies at once, and a mail with its key", async () => {
      const key = await sold({ variant: "pro", maxMachines: 3 });
      expect(await licenseOf(key)).toMatchObject({
        email: "buyer@example.com",
        variant: "pro",
        maxMachines: 3,
        purchaseId: "pur_1",
        purchasedAt: day(0),
        expiresAt: null,
      });
      const verified = await world.call("verify", { licenseKey: key, productId: "prod_tools" });
      expect(verified.status).toBe(200);
      const [mail, ...more] = await mailed();
      expect(more).toEqual([]);
      expect(mail).toMatchObject({ to: "buyer@example.com" });
      expect(mail?.message.text).toContain(key);
      expect(await events()).toMatchObject([
        { type: "purchase.completed", status: "done", creatorId: "default", attempts: 1 },
      ]);
    });

    test("fifty copies at once, and another event for the same purchase, are one license", async () => {
      const again = async (body: Json): Promise<Json> => {
        for (let attempt = 0; ; attempt++) {
          const reply = await send(body);
          if (reply.status === 200) return reply.body;
          if (attempt >= retries) throw new Error(JSON.stringify(reply.body));
        }
      };
      const copies = Array.from({ length: 40 }, () => again({ purchaseId: "pur_1" }));
      const others = Array.from({ length: 10 }, (_, eventId) =>
        again({ purchaseId: "pur_1", eventId: `e${eventId}` }),
      );
      const answers = await Promise.all([...copies, ...others]);
      expect(new Set(answers.map((answer) => answer["licenseKey"])).size).toBe(1);
      expect(await bought()).toHaveLength(1);
      expect(await mailed()).toHaveLength(1);
    });

    test("a repeat is given the first answer, whatever became of the license", async () => {
      const first = await send({ purchaseId: "pur_1" });
      await world.admin("revokeLicense", { licenseKey: first.body["licenseKey"] });
      expect(await send({ purchaseId: "pur_1" })).toMatchObject({ status: 200, body: first.body });
    });

    test("refund and chargeback end the license at level 4, and a won dispute reinstates it", async () => {
      const key = await sold();
      const of = { purchaseId: "pur_1" };
      expect((await send({ ...of, type: "purchase.disputed" })).body).toMatchObject({
        success: true,
      });
      expect(await licenseOf(key)).toMatchObject({
        status: "revoked",
        threatLevel: 4,
        disputeReason: "chargeback",
        disputedAt: day(0),
      });
      await send({ ...of, type: "purchase.dispute_won" });
      expect(await licenseOf(key)).toMatchObject({
        status: "active",
        threatLevel: 0,
        disputeReason: null,
      });
      await send({ ...of, type: "purchase.refunded" });
      expect(await licenseOf(key)).toMatchObject({
        status: "revoked",
        threatLevel: 4,
        disputeReason: "refund",
      });
      await send({ ...of, type: "purchase.dispute_won", eventId: "late" });
      expect(await licenseOf(key)).toMatchObject({ status: "revoked" });
    });

    test("a won dispute does not bring back what the vendor had ended", async () => {
      const key = await sold();
      await world.admin("revokeLicense", { licenseKey: key, reason: "fraud" });
      await send({ purchaseId: "pur_1", type: "purchase.disputed" });
      expect(await licenseOf(key)).toMatchObject({ disputeReason: "fraud", threatLevel: 4 });
      await send({ purchaseId: "pur_1", type: "purchase.dispute_won" });
      expect(await licenseOf(key)).toMatchObject({ status: "revoked", disputeReason: "fraud" });
    });

    test("a refund that comes before its sale makes it a revoked license, and no mail", async () => {
      const early = await send({ purchaseId: "pur_1", type: "purchase.refunded" });
      expect(early.body).toMatchObject({ success: true, status: "waiting" });
      const key = await sold();
      expect(await licenseOf(key)).toMatchObject({ status: "revoked", disputeReason: "refund" });
      expect(await mailed()).toEqual([]);
      expect((await events({ status: "waiting" })).length).toBe(0);
    });

    test("durationDays, then trialDays, then the code's trial, then the variant, then for ever", async () => {
      await world.admin("createDiscountCode", { code: "TRY", trialDays: 7, maxUses: 1 });
      await world.admin("createVariant", {
        productId: "prod_tools",
        name: "year",
        durationDays: 365,
      });
      const ends = async (purchaseId: string, body: Json) =>
        (await licenseOf(await sold({ purchaseId, ...body })))["expiresAt"];
      const all = { variant: "year", discountCode: "try", trialDays: 14, durationDays: 30 };
      expect(await ends("a", all)).toBe(day(30));
      expect(await ends("b", { ...all, durationDays: undefined })).toBe(day(14));
      // The code is good for one use, and the first sale used it.
      expect(await ends("c", { variant: "year", discountCode: "try" })).toBe(day(365));
      await world.admin("createDiscountCode", { code: "TRY2", trialDays: 7 });
      expect(await ends("d", { variant: "year", discountCode: "try2" })).toBe(day(7));
      expect(await ends("e", { variant: "year" })).toBe(day(365));
      expect(await ends("f", {})).toBeNull();
      const { codes } = await world.admin("listDiscountCodes", {});
      expect((codes as Json[]).map(({ usedCount }) => usedCount)).toEqual([1, 1]);
    });

    test("a renewal extends from the later of now and the end, and a perpetual license stays so", async () => {
      const key = await sold({ durationDays: 30 });
      const renew = (more: Json = {}) =>
        send({ type: "subscription.renewed", purchaseId: "pur_1", durationDays: 30, ...more });
      await renew({ eventId: "r1" });
      expect((await licenseOf(key))["expiresAt"]).toBe(day(60));
      await renew({ eventId: "r1" });
      expect((await licenseOf(key))["expiresAt"]).toBe(day(60));
      world.clock.advance(100 * DAY);
      await renew({ eventId: "r2" });
      expect((await licenseOf(key))["expiresAt"]).toBe(day(130));
      const forever = await sold({ purchaseId: "pur_2" });
      await renew({ purchaseId: "pur_2" });
      expect((await licenseOf(forever))["expiresAt"]).toBeNull();
    });

    test("the same bytes a month later are the next renewal, minutes later a repeat", async () => {
      const key = await sold({ durationDays: 31 });
      const renew = () =>
        send({ type: "subscription.renewed", purchaseId: "pur_1", durationDays: 31 });
      await renew();
      world.clock.advance(HOUR);
      await renew();
      expect((await licenseOf(key))["expiresAt"]).toBe(day(62));
      world.clock.advance(31 * DAY);
      await renew();
      expect((await licenseOf(key))["expiresAt"]).toBe(day(93));
    });

    test("a renewal before the sale counts with it", async () => {
      const early = { type: "subscription.renewed", purchaseId: "pur_1", durationDays: 30 };
      await send(early);
      expect((await send(early)).body).toMatchObject({ status: "waiting" });
      expect((await licenseOf(await sold({ durationDays: 30 })))["expiresAt"]).toBe(day(60));
    });

    test("a renewal with a number of its own finds the buyer's subscription, once", async () => {
      const key = await sold({ durationDays: 30 });
      const renew = () =>
        send({
          type: "subscription.renewed",
          purchaseId: "pay_2",
          durationDays: 30,
          eventId: String(Math.random()),
        });
      await renew();
      await renew();
      expect((await licenseOf(key))["expiresAt"]).toBe(day(60));
      const { licenseKey } = (await send({ purchaseId: "pay_2" })).body;
      expect(licenseKey).not.toBe(key);
    });

    test("a cancelled subscription runs to its end and its grace, degraded, and then is over", async () => {
      const key = await sold({ durationDays: 30 });
      await send({ type: "subscription.cancelled", purchaseId: "pur_1" });
      const verify = async () =>
        (await world.call("verify", { licenseKey: key, productId: "prod_tools" })).body;
      expect(await verify()).toMatchObject({ valid: true, status: "active" });
      world.clock.advance(30 * DAY);
      expect(await verify()).toMatchObject({ valid: true, status: "degraded" });
      world.clock.advance(3 * DAY);
      expect(await verify()).toMatchObject({ valid: false, code: "LICENSE_EXPIRED" });
    });

    test("the key of a license may have changed since it was sold", async () => {
      const key = await sold();
      const { licenseKey } = await world.admin("rotateLicenseKey", { licenseKey: key });
      await send({ type: "purchase.refunded", purchaseId: "pur_1" });
      expect(await licenseOf(String(licenseKey))).toMatchObject({ status: "revoked" });
    });

    test("what cannot be used is answered 200, listed with its reason, and can be tried again", async () => {
      const lost = await send({ purchaseId: "pur_1", productId: "prod_new" });
      expect(lost).toMatchObject({
        status: 200,
        body: { success: false, status: "failed", error: expect.stringContaining("prod_new") },
      });
      const noMail = await send({ email: "not an address" });
      expect(noMail).toMatchObject({ status: 200, body: { success: false, status: "failed" } });
      expect(await events({ status: "failed" })).toMatchObject([
        { reason: expect.stringContaining("email") },
        { eventId: lost.body["eventId"], attempts: 1 },
      ]);
      const retry = () =>
        world.admin("retryInboundEvent", { eventId: lost.body["eventId"] }) as Promise<Json>;
      expect(await retry()).toMatchObject({ success: false, status: "failed" });
      await world.admin("createProduct", { name: "New", productId: "prod_new" });
      const done = await retry();
      expect(done).toMatchObject({ success: true, status: "done" });
      expect(await licenseOf(String(done["licenseKey"]))).toMatchObject({ productId: "prod_new" });
      expect(await retry()).toEqual(done);
      expect(await events({ status: "failed" })).toHaveLength(1);
    });

    test("an archived product sells nothing, and the sale waits for the vendor", async () => {
      await world.admin("updateProduct", { productId: "prod_tools", status: "archived" });
      const reply = await send({ purchaseId: "pur_1" });
      expect(reply.body).toMatchObject({
        status: "failed",
        error: expect.stringContaining("archived"),
      });
    });

    test("a bundle unlocks its products", async () => {
      await world.admin("createProduct", { name: "b", productId: "prod_b" });
      await world.admin("createProduct", {
        name: "all",
        productId: "prod_all",
        unlocks: ["prod_tools", "prod_b"],
      });
      const key = await sold({ productId: "prod_all" });
      expect(await licenseOf(key)).toMatchObject({
        bundleId: "prod_all",
        unlockedProducts: ["prod_tools", "prod_b"],
      });
      const other = await world.call("verify", { licenseKey: key, productId: "prod_b" });
      expect(other.status).toBe(200);
    });

    test("events of one account's URL sell nothing of another's", async () => {
      await world.admin("createProduct", { name: "o", productId: "prod_o", creatorId: "other" });
      const reply = await world.call(
        "webhook",
        { type: "purchase.completed", email: "x@example.com", productId: "prod_tools" },
        { ...SECRET, query: { creatorId: "other" } },
      );
      expect(reply.body).toMatchObject({ status: "failed" });
      const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "other" });
      const seen = await world.call("listInboundEvents", { apiKey });
      expect(seen.body["events"]).toMatchObject([{ creatorId: "other", status: "failed" }]);
      const foreign = await world.call("retryInboundEvent", {
        apiKey: (await world.admin("createApiKey", { name: "k" }))["apiKey"],
        eventId: reply.body["eventId"],
      });
      expect(foreign).toMatchObject({ status: 404, body: { code: "INBOUND_EVENT_NOT_FOUND" } });
    });

    test("two products of one cart are two licenses; the marketplace's name is the same function", async () => {
      await world.admin("createProduct", { name: "b", productId: "prod_b" });
      await sold();
      const cart = { type: "purchase.completed", email: "buyer@example.com", purchaseId: "pur_1" };
      const body = { ...cart, productId: "prod_b", webhookSecret: "test-native-secret" };
      const other = await world.call("cgloungeWebhook", body);
      expect(other.body).toMatchObject({ status: "done" });
      expect(await bought()).toHaveLength(2);
      // Whichever way a product is named, it is the same purchase.
      const { projectId } = ((await world.admin("listProducts", {}))["products"] as Json[]).find(
        (product) => product["productId"] === "prod_b",
      ) as Json;
      const alias = await world.call(
        "webhook",
        { ...cart, productId: projectId, eventId: "2" },
        SECRET,
      );
      expect(alias.body["licenseKey"]).toBe(other.body["licenseKey"]);
    });

    test("every payment is in the audit log, with no key in it", async () => {
      const key = await sold();
      await send({ purchaseId: "pur_1", type: "purchase.refunded" });
      for (const action of ["license.create", "payment.refunded"]) {
        const { entries } = await world.admin("listAuditLog", { action });
        expect(entries).toContainEqual(
          expect.objectContaining({ action, actor: { kind: "payment", keyId: null } }),
        );
        expect(JSON.stringify(entries)).not.toContain(key);
      }
    });
  },
);

describe("a request without proof", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    await world.license();
  });
  afterEach(() => world.close());

  const body = { type: "purchase.completed", email: "b@example.com", productId: "prod_tools" };

  test("is 401, stores nothing and is counted", async () => {
    for (const [sent, headers] of [
      [body, {}],
      [body, { "x-webhook-secret": "wrong" }],
      [{ ...body, webhookSecret: "wrong" }, {}],
      [{ ...body, webhookSecret: "test-native-secret" }, { "x-webhook-secret": "wrong" }],
    ] as const) {
      expect(await world.call("webhook", sent, { headers })).toMatchObject({
        status: 401,
        body: { success: false, code: "UNAUTHENTICATED" },
      });
      expect(world.touched()).toMatchObject({ writes: 0 });
    }
    await world.deps.usage.flush();
    expect(await world.admin("listInboundEvents", {})).toMatchObject({
      events: [],
      rejectedToday: { native: 4, stripe: 0 },
    });
  });

  test("a sale costs few documents, and a repeat one read", async () => {
    const send = () => world.call("webhook", { ...body, purchaseId: "p" }, SECRET);
    await send();
    // Event, handle, product twice, reference, variant, mail template; and license, audit entry,
    // purchase, reference, mail, event.
    expect(world.touched()).toEqual({ reads: 8, writes: 10, aggregates: 0 });
    await send();
    expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
    expect(await world.store.getMany(paymentClaims, ["x"])).toEqual([undefined]);
  });
});

test("a license sold to a machine that is activated already stays its license", async () => {
  const world = await openWorld();
  try {
    await world.license();
    const sale = { type: "purchase.completed", email: "b@example.com", productId: "prod_tools" };
    const { body } = await world.call("webhook", { ...sale, purchaseId: "p" }, SECRET);
    const key = String(body["licenseKey"]);
    await world.call("activate", machine(key, "a"));
    await world.call("webhook", { ...sale, purchaseId: "p", eventId: "again" }, SECRET);
    expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({ machinesUsed: 1 });
  } finally {
    await world.close();
  }
});
