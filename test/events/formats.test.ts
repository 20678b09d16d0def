import { createHmac, timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { EVENT_TYPES } from "../../functions/src/core/events.ts";
import type { WebhookFormat } from "../../functions/src/core/webhooks.ts";
import type { Outgoing, Signed } from "../../functions/src/events/formats/outgoing.ts";
import { namesWanted, signedRequest } from "../../functions/src/events/formats.ts";

const DELIVERY = "3f1c9a52-6c0e-4a53-9d0e-0d5f6b1f7a11";
const LICENSE = "9c1a8b2e-4d1f-4c55-8a0e-2b7d6f3e1a90";
const PRODUCT = "3b6f0a52-6a0e-4a55-9a5c-2f6f3b1f7c11";
const GECKO_SECRET = "whsec_9b1d5e3f7a2c4b6d8e0f1a2b3c4d5e6f";
const GECKO_AT = Date.parse("2026-04-29T14:32:11Z");

const event = (changes: Partial<Outgoing> = {}): Outgoing => ({
  id: DELIVERY,
  type: "license.activated",
  productId: PRODUCT,
  licenseId: LICENSE,
  data: {},
  occurredAt: GECKO_AT,
  ...changes,
});

async function sign(
  format: WebhookFormat,
  changes: Partial<Outgoing>,
  secrets: [string, ...string[]],
  at = GECKO_AT,
): Promise<Signed> {
  const signed = await signedRequest(format, event(changes), secrets, at);
  if (!signed) throw new Error("no such event");
  return signed;
}

/** The check that the reference publishes: what was parsed is serialised again. */
const proxgateAccepts = (text: string, signature: string, secret: string): boolean =>
  timingSafeEqual(
    Buffer.from(signature),
    Buffer.from(createHmac("sha256", secret).update(text).digest("hex")),
  );

describe("proxgate", () => {
  test("is the worked example of its reference, byte for byte", async () => {
    const example = {
      data: { licenseKey: "ABCD-EFGH-JKLM-NPQR" },
      occurredAt: Date.parse("2024-01-02T00:00:00Z"),
    };
    expect(await sign("proxgate", example, ["whsec_test_secret", "older"])).toEqual({
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "Latchkey-Webhooks/1.0",
        "X-ProxGate-Signature": "7ea60a81790d8995acbed6b7e717c006303455ef1798335749ba4b57d7dfe822",
        "X-ProxGate-Event": "LICENSE_ACTIVATED",
        "X-ProxGate-Delivery": DELIVERY,
      },
      body: `{"id":"${DELIVERY}","event":"LICENSE_ACTIVATED","created_at":"2024-01-02T00:00:00.000Z","data":{"license_key":"ABCD-EFGH-JKLM-NPQR"}}`,
    });
  });

  test("satisfies receivers that hash the raw body and those that serialise it again", async () => {
    const anyData = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(anyData, fc.string({ minLength: 1 }), async (data, secret) => {
        const { headers, body } = await sign("proxgate", { data }, [secret]);
        const signature = headers["X-ProxGate-Signature"] ?? "";
        expect(signature).toMatch(/^[0-9a-f]{64}$/);
        expect(proxgateAccepts(body, signature, secret)).toBe(true);
        expect(proxgateAccepts(JSON.stringify(JSON.parse(body)), signature, secret)).toBe(true);
      }),
    );
  });

  test("an activation is two events, and an endpoint may ask for one of them", () => {
    const activated = { type: "license.activated", productId: PRODUCT, data: {} } as const;
    const names = (events: string[], productId: string | null = null) =>
      namesWanted({ format: "proxgate", events, productId }, activated);
    expect(names(["*"])).toEqual(["LICENSE_ACTIVATED", "ACTIVATION_CREATED"]);
    expect(names(["license.activated"])).toEqual(["LICENSE_ACTIVATED", "ACTIVATION_CREATED"]);
    expect(names(["ACTIVATION_CREATED"], PRODUCT)).toEqual(["ACTIVATION_CREATED"]);
    expect(names(["ACTIVATION_CREATED"], LICENSE)).toEqual([]);
    expect(names(["LICENSE_REVOKED"])).toEqual([]);
  });

  test("has every event of its reference, and nothing for the others", () => {
    const all = EVENT_TYPES.flatMap((type) =>
      namesWanted(
        { format: "proxgate", events: [...EVENT_TYPES], productId: null },
        { type, productId: null, data: {} },
      ),
    );
    expect(all.sort()).toEqual(
      [
        "ACTIVATION_CREATED",
        "ACTIVATION_REMOVED",
        "CUSTOMER_CREATED",
        "LICENSE_ACTIVATED",
        "LICENSE_CREATED",
        "LICENSE_DEACTIVATED",
        "LICENSE_EXPIRED",
        "LICENSE_REVOKED",
        "LICENSE_SUSPENDED",
        "LICENSE_TRANSFERRED",
        "LICENSE_VALIDATED",
        "PRODUCT_CREATED",
        "PRODUCT_UPDATED",
        "TEST_PING",
      ].sort(),
    );
  });
});

describe("geckoguard", () => {
  const authorized = {
    type: "license.authorized" as const,
    data: { wasActivated: true, effectiveExpiresAt: "2026-12-31T23:59:59.000Z", email: "a@b.c" },
  };

  test("is the worked example of its reference, byte for byte", async () => {
    const { headers, body } = await sign("geckoguard", authorized, [GECKO_SECRET]);
    expect(Buffer.byteLength(body)).toBe(248);
    expect(headers).toEqual({
      "Content-Type": "application/json",
      "User-Agent": "Latchkey-Webhooks/1.0",
      "X-GeckoGuard-Signature-V2":
        "t=1777473131,v1=56031a51a47da66a520693b9c74c75dde9d1fd1f2307e018d9959586ac73773b",
      "X-GeckoGuard-Event": "license.authorized",
      "X-GeckoGuard-Delivery": DELIVERY,
    });
  });

  test("each attempt is signed at its own time, by the old secret too while it ends", async () => {
    const at = GECKO_AT + 60_999;
    const { headers, body } = await sign("geckoguard", authorized, [GECKO_SECRET, "old"], at);
    const expected = ["whsec_9b1d5e3f7a2c4b6d8e0f1a2b3c4d5e6f", "old"].map(
      (secret) => `v1=${createHmac("sha256", secret).update(`1777473191.${body}`).digest("hex")}`,
    );
    expect(headers["X-GeckoGuard-Signature-V2"]).toBe(["t=1777473191", ...expected].join(","));
  });

  const ids = { licenseId: LICENSE };
  const both = { licenseId: LICENSE, productId: PRODUCT };
  const denied = {
    reasonCode: "HWID_MISMATCH",
    message: "Hardware ID does not match bound device",
  };
  const expired = { effectiveExpiresAt: "2026-04-28T00:00:00.000Z" };
  const apiKeyId = "6a1f0f7e-3c0b-4f4e-9a39-0d1c7b8e2f55";
  const member = { orgId: "org", userId: "user" };
  test.each([
    ["license.created", {}, "license.created", ids],
    [
      "license.authorization_denied",
      denied,
      "license.authorization_denied",
      { ...both, ...denied },
    ],
    ["license.expired", expired, "license.expired", { ...both, ...expired }],
    [
      "license.expired",
      { expiresAt: "x" },
      "license.expired",
      { ...both, effectiveExpiresAt: "x" },
    ],
    ["license.revoked", { reason: "fraud" }, "license.revoked", ids],
    ["license.reinstated", { previousStatus: "revoked" }, "license.unrevoked", ids],
    ["license.reinstated", { previousStatus: "suspended" }, "license.unfrozen", ids],
    ["license.suspended", { previousStatus: "active" }, "license.frozen", ids],
    ["api_key.rotated", { keyId: apiKeyId }, "api_key.rotated", { apiKeyId, productId: PRODUCT }],
    [
      "team.member_added",
      { ...member, role: "DEV" },
      "team.member_added",
      { ...member, role: "DEV" },
    ],
    ["team.member_removed", { ...member, role: "DEV" }, "team.member_removed", member],
    ["test.ping", { endpointId: "e" }, "test.ping", { endpointId: "e", productId: PRODUCT }],
  ] as const)("%s %j is %s with exactly its members", async (type, data, name, told) => {
    const { body } = await sign("geckoguard", { type, data }, [GECKO_SECRET]);
    const timestamp = "2026-04-29T14:32:11.000Z";
    expect(body).toBe(JSON.stringify({ event: name, data: told, timestamp }));
  });

  test("a use past the expiry is told as denied and as expired, to those who asked for either", async () => {
    const data = { reasonCode: "LICENSE_EXPIRED_RELATIVE", message: "m", ...expired };
    const late = { type: "license.authorization_denied", productId: PRODUCT, data } as const;
    const names = (events: string[], format: "geckoguard" | "standard" = "geckoguard") =>
      namesWanted({ format, events, productId: null }, late);
    const deny = "license.authorization_denied";
    expect(names(["*"])).toEqual([deny, "license.expired"]);
    expect(names([deny])).toEqual([deny]);
    expect(names(["license.expired"])).toEqual(["license.expired"]);
    expect(names([deny, "license.expired"])).toEqual([deny, "license.expired"]);
    expect(names(["license.expired"], "standard")).toEqual([]);
    const sent = { ...event(late), name: "license.expired" };
    const told = JSON.parse((await sign("geckoguard", sent, [GECKO_SECRET])).body);
    expect(told).toMatchObject({ event: "license.expired", data: { ...both, ...expired } });
  });

  test("an event it does not know is not sent", async () => {
    const extended = event({ type: "license.extended" });
    expect(await signedRequest("geckoguard", extended, ["s"], 0)).toBeUndefined();
  });
});

describe("standard", () => {
  const secretOf = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;

  test("its own package verifies it, with the old secret too while that ends", async () => {
    const data = { licenseId: LICENSE, email: "é@example.com" };
    const now = Date.now();
    const { headers, body } = await sign("standard", { data }, [secretOf(1), secretOf(2)], now);
    const told = { type: "license.activated", timestamp: "2026-04-29T14:32:11.000Z", data };
    for (const fill of [1, 2]) {
      expect(new Webhook(secretOf(fill)).verify(body, { ...headers })).toEqual(told);
    }
    expect(() => new Webhook(secretOf(3)).verify(body, { ...headers })).toThrow();
    expect(headers).toMatchObject({
      "webhook-id": DELIVERY,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "User-Agent": "Latchkey-Webhooks/1.0",
    });
  });
});
