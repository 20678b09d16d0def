import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { type Json, MINUTE, NOW, type World } from "../support/world.ts";

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const codeOf = ({ body }: { body: Json }) => (body["error"] as Json | undefined)?.["code"];

test("200 who asks, for one document read", async () => {
  await geckoCall(world, "GET /v1/whoami", owner);
  const { status, body } = await geckoCall(world, "GET /v1/whoami", owner);
  const { keyId, productId } = owner;
  expect([status, body]).toEqual([200, { ok: true, data: { apiKeyId: keyId, productId } }]);
  expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
});

test.each<[string, number, string, Json?]>([
  ["GET /v1/nothing", 404, "NOT_FOUND"],
  ["GET /v1/products/x/y/z/w", 404, "NOT_FOUND"],
  ["POST /v1/whoami", 405, "METHOD_NOT_ALLOWED"],
  ["OPTIONS /v1/whoami", 405, "METHOD_NOT_ALLOWED"],
  ["GET /v1/dashboard/orgs", 401, "UNAUTHORIZED"],
  ["GET /v1/enduser/me", 401, "UNAUTHORIZED"],
])("%s is %i %s in the envelope, with a good key too", async (route, status, code) => {
  const reply = await geckoCall(world, route, owner);
  expect([reply.status, reply.body["ok"], codeOf(reply)]).toEqual([status, false, code]);
  expect(reply.headers.get("x-request-id")).toMatch(/./);
});

test("a minute of an address is over for everybody there, and each answer says what is left", async () => {
  const limits = { address: 5, anonymous: 2, key: 0, product: 0, licenseKey: 0 };
  const limited = await openGecko({ settings: { geckoguardPerMinute: limits } });
  const statuses = [];
  for (let call = 0; call < 3; call++) {
    const { status, headers } = await geckoCall(limited, "GET /v1/status");
    statuses.push([status, headers.get("x-ratelimit-remaining"), headers.get("retry-after")]);
  }
  expect(statuses).toEqual([
    [200, "1", null],
    [200, "0", null],
    [429, "0", "60"],
  ]);
  const reset = String((NOW + MINUTE) / 1000);
  for (const left of ["2", "1", "0"]) {
    const { headers } = await geckoCall(limited, "GET /v1/nothing", { apiKey: "gg_unknown" });
    expect(headers.get("x-ratelimit-remaining")).toBe(left);
    expect(headers.get("x-ratelimit-reset")).toBe(reset);
    expect(headers.get("x-ratelimit-limit")).toBe("5");
  }
  expect(codeOf(await geckoCall(limited, "GET /v1/nothing", owner))).toBe("RATE_LIMITED");
  expect((await geckoCall(limited, "GET /health")).status).toBe(200);
  await limited.close();
});
