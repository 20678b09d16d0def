import { collections } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import {
  changeProduct,
  codegateKey,
  type Project,
  project,
  putCodes,
  sendRaw,
  signedCall,
} from "../support/codegate.ts";
import { ADMIN_SECRET, DAY, HOUR, type Json, openWorld, type World } from "../support/world.ts";

let world: World;
let owner: Project;
beforeEach(async () => {
  world = await openWorld({ settings: { codegateRequestsPerMinute: 0 } });
  owner = await project(world);
});
afterEach(() => world.close());

type Ask = Omit<Parameters<typeof signedCall>[1], "at">;
const call = (ask: Ask, as = owner, on = world) =>
  sendRaw(on.url, signedCall(as, { ...ask, at: world.clock.now() }));
const verify = (code: string, more: Json = {}) =>
  call({ path: "/codes/verify", body: { code, ...more } });
const reactivate = (code: string, more: Json = {}) =>
  call({ path: "/codes/reactivate", body: { code, ...more } });
const seconds = (ms: number) => Math.floor(ms / 1000);
const ID = expect.stringMatching(/^[0-9a-f]{32}$/);
const item = (code: string, more: Json = {}) => ({
  id: ID,
  code,
  status: false,
  is_disabled: false,
  is_expired: false,
  expires_at: null,
  verified_at: null,
  verified_by: null,
  created_at: seconds(world.clock.now()),
  ...more,
});

test("200 all seven, in the vendor's shapes and nothing besides", async () => {
  const at = seconds(world.clock.now());
  await putCodes(world, owner, [{ text: "A" }, { text: "B", expiresAt: world.clock.now() + DAY }]);
  const none = { used_codes: 0, unused_codes: 2, disabled_codes: 0, expired_codes: 0 };
  expect((await call({})).body).toEqual({
    id: owner.projectId,
    name: "prod_codes",
    description: null,
    status: true,
    expires_at: null,
    created_at: at,
    statistics: { total_codes: 2, ...none },
  });
  const inB = { expires_at: at + 86_400 };
  expect((await call({ path: "/codes" })).body).toEqual({
    items: expect.arrayContaining([item("A"), item("B", inB)]),
    total: 2,
    page: 1,
    page_size: 20,
    total_pages: 1,
    totalPages: 1,
  });
  expect((await verify("A", { verified_by: "user123" })).body).toEqual({
    success: true,
    code_id: ID,
    code: "A",
    verified_at: at,
    message: "Code verified successfully",
    error_code: null,
  });
  const used = { status: true, verified_at: at, verified_by: "user123" };
  const entry = { id: ID, verified_at: at, verified_by: "user123", ip_address: expect.any(String) };
  const byCode = await call({ code: "A" });
  expect(byCode.body).toEqual({
    ...item("A", used),
    verification_logs: [{ ...entry, result: "success" }],
  });
  expect((await call({ path: `/codes/${byCode.body["id"]}` })).body).toEqual(byCode.body);
  expect((await call({ path: "/statistics" })).body).toEqual({
    project_id: owner.projectId,
    total_codes: 2,
    ...none,
    used_codes: 1,
    unused_codes: 1,
    usage_rate: 0.5,
    recent_verifications: [{ code: "A", verified_at: at, verified_by: "user123" }],
  });
  world.clock.advance(1);
  expect((await reactivate("A", { reactivated_by: "admin", reason: "refund" })).body).toEqual({
    success: true,
    code_id: ID,
    code: "A",
    reactivated_at: at,
    message: "Code reactivated successfully",
    error_code: null,
  });
  expect((await call({ code: "A" })).body).toMatchObject({
    ...item("A"),
    verification_logs: [{ verified_by: "admin", result: "reactivated" }, { result: "success" }],
  });
});

test.each(["192.0.2.10", "2001:db8:1:2::9"])("a log entry has the address %s", async (address) => {
  await putCodes(world, owner, [{ text: "A" }]);
  const from = { "X-Forwarded-For": address };
  for (const path of ["/codes/verify", "/codes/reactivate"]) {
    const sent = signedCall(owner, { path, body: { code: "A" }, at: world.clock.now() });
    await sendRaw(world.url, { ...sent, headers: { ...sent.headers, ...from } });
  }
  expect((await call({ code: "A" })).body["verification_logs"]).toEqual([
    expect.objectContaining({ ip_address: address }),
    expect.objectContaining({ ip_address: address }),
  ]);
});

describe.each(["python", "javascript"] as const)("as the %s SDK sends it", (sdk) => {
  test.each(["a b", "it's", "x!*()~", "a+b", "50%", "中文", "a&b=c", "a/b?c#d"])(
    "200 search %s",
    async (search) => {
      await putCodes(world, owner, [{ text: `<${search}>` }, { text: "other" }]);
      const query = { page: 1, page_size: 20, search };
      const { status, body } = await call({ sdk, path: "/codes", query });
      expect([status, body["total"]]).toEqual([200, 1]);
    },
  );

  test.each(["AB CD", "A/B&C", "中文", "a'b!(c)*~", "a+b", "100%"])(
    "200 by-code %s, and its redemption",
    async (code) => {
      await putCodes(world, owner, [{ text: code }]);
      expect((await call({ sdk, code })).body).toMatchObject({ code, status: false });
      const body = { code, verified_by: "u" };
      const done = await call({ sdk, path: "/codes/verify", body });
      expect(done.body).toMatchObject({ success: true, code });
    },
  );
});

const past = () => world.clock.now() - HOUR;
const setProduct = (terms: { enabled?: boolean; expiresAt?: number | null }) =>
  changeProduct(world, owner, terms);

test.each<[string, Json, { enabled?: boolean; expired?: boolean }, string, string, string]>([
  [
    "disabled",
    { state: "disabled" },
    { enabled: false },
    "CODE_DISABLED",
    "Code is disabled",
    "CODE_ALREADY_UNUSED",
  ],
  [
    "used",
    { state: "used", expired: true },
    { enabled: false },
    "CODE_ALREADY_USED",
    "Code has already been used",
    "CODE_EXPIRED",
  ],
  [
    "expired",
    { expired: true },
    { enabled: false },
    "CODE_EXPIRED",
    "Code is expired",
    "CODE_ALREADY_UNUSED",
  ],
  [
    "of an expired project",
    {},
    { expired: true, enabled: false },
    "CODE_EXPIRED",
    "Code is expired",
    "PROJECT_EXPIRED",
  ],
  [
    "of a disabled project",
    { later: true },
    { enabled: false, expired: true },
    "PROJECT_DISABLED",
    "Project is disabled",
    "PROJECT_DISABLED",
  ],
  [
    "with an end of its own in an expired project",
    { later: true },
    { expired: true },
    "PROJECT_EXPIRED",
    "Project is expired",
    "PROJECT_EXPIRED",
  ],
])(
  "200 a code that is %s is told so, in the vendor's order",
  async (_, terms, owning, error_code, message, again) => {
    const { expired, later, state = "unused" } = terms;
    const expiresAt = expired ? past() : later ? world.clock.now() + DAY : null;
    await putCodes(world, owner, [{ text: "A", state: state as "unused", expiresAt }]);
    const end = owning.expired ? { expiresAt: past() } : {};
    await setProduct({ ...end, enabled: owning.enabled ?? true });
    const failed = { success: false, code_id: null, code: "A", message, error_code };
    expect(await verify("A")).toMatchObject({
      status: 200,
      body: { ...failed, verified_at: null },
    });
    await setProduct({ enabled: error_code !== again || again !== "PROJECT_DISABLED" });
    expect(await reactivate("A")).toMatchObject({
      status: 200,
      body: { success: false, code_id: null, code: "A", reactivated_at: null, error_code: again },
    });
  },
);

test("200 CODE_NOT_FOUND for a code that is unknown, foreign or of another case; 404 by GET", async () => {
  const other = await project(world, "prod_other");
  await putCodes(world, other, [{ text: "A" }]);
  const { body } = await call({ code: "A" }, other);
  for (const code of ["A", "nobody", "a"]) {
    expect((await verify(code)).body).toMatchObject({ error_code: "CODE_NOT_FOUND" });
    expect((await reactivate(code)).body).toMatchObject({ error_code: "CODE_NOT_FOUND" });
    const missing = { status: 404, body: { detail: "Code not found" } };
    expect(await call({ code })).toMatchObject(missing);
    expect(await call({ path: `/codes/${body["id"]}` })).toMatchObject(missing);
    expect(await call({ path: "/codes/not-an-id" })).toMatchObject(missing);
  }
});

test("no code is logged, whoever asks for it", async () => {
  const code = "SPRING-CODE";
  const productId = "prod_codes";
  await world.admin("createCodes", { productId, codes: [code] });
  await world.admin("updateCode", { productId, code, expiresAt: null });
  await world.admin("createTrialCode", { productId, code: "SPRING-TRIAL", trialDays: 7 });
  expect((await call({ code })).status).toBe(200);
  expect((await verify(code)).body).toMatchObject({ success: true, code });
  expect((await verify(code)).body).toMatchObject({ success: false, code });
  expect((await reactivate(code)).body).toMatchObject({ success: true, code });
  await world.settled();
  expect(world.logs.length).toBeGreaterThanOrEqual(7);
  expect(JSON.stringify(world.logs)).not.toContain("SPRING");
});

test("asking for a code that is called like a refusal counts as no guess", async () => {
  const code = "LICENSE_NOT_FOUND";
  await putCodes(world, owner, [{ text: code }]);
  for (let count = 0; count < 300; count++) await call({ code });
  expect((await call({ code })).status).toBe(200);
});

test("of two redemptions at once one is made", async () => {
  await putCodes(world, owner, [{ text: "A" }]);
  const replies = await Promise.all(["x", "y"].map((by) => verify("A", { verified_by: by })));
  expect(replies.map(({ body }) => body["error_code"]).toSorted()).toEqual([
    "CODE_ALREADY_USED",
    null,
  ]);
});

test("paging: an empty list, past the end, the largest page; 400 names the parameter", async () => {
  const list = (query: Record<string, string | number>) => call({ path: "/codes", query });
  expect((await list({})).body).toMatchObject({ items: [], total: 0, total_pages: 0 });
  await putCodes(
    world,
    owner,
    Array.from({ length: 3 }, (_, index) => ({ text: `C${index}` })),
  );
  expect((await list({ page: 9, page_size: 2 })).body).toMatchObject({
    items: [],
    total: 3,
    page: 9,
    total_pages: 2,
  });
  expect((await list({ page_size: 100, status: "", search: "" })).body).toMatchObject({
    total: 3,
    page_size: 100,
  });
  for (const [name, value] of [
    ["page_size", 101],
    ["page_size", 0],
    ["page", 0],
    ["page", "x"],
    ["page", "1.5"],
    ["status", "gone"],
  ] as const) {
    expect(await list({ [name]: value })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(`^${name}: must be`) },
    });
  }
});

test("400 a bad body in a text, after the proof and the project", async () => {
  const bodies: Json[] = [
    {},
    { code: "" },
    { code: "x".repeat(101) },
    { code: 7 },
    { code: "A", verified_by: 7 },
    { code: "A", verified_by: "x".repeat(101) },
    { code: "A", verified_by: "half of a pair \ud83d" },
    { code: "A", verified_by: "\0" },
  ];
  for (const body of bodies) {
    const { status, body: told } = await call({ path: "/codes/verify", body });
    expect([status, typeof told["detail"]]).toEqual([400, "string"]);
  }
  const foreign = { projectId: "f".repeat(32), path: "/codes/verify", body: {} };
  expect(await call(foreign)).toMatchObject({
    status: 403,
    body: { detail: "Project ID in path does not match API Key's project" },
  });
  const unproven = signedCall(owner, { path: "/codes/verify", body: {}, at: world.clock.now() });
  expect((await sendRaw(world.url, { ...unproven, body: "{" })).status).toBe(401);
});

test("401 reads of a disabled project; an expired one may be read", async () => {
  await setProduct({ expiresAt: past() });
  expect((await call({})).status).toBe(200);
  await setProduct({ enabled: false });
  for (const path of [
    "",
    "/codes",
    "/statistics",
    `/codes/${"0".repeat(32)}`,
    "/codes/by-code/A",
  ]) {
    expect(await call({ path })).toMatchObject({
      status: 401,
      body: { detail: "Project is disabled" },
    });
  }
});

test("a project has one key: a new one stops the old, and neither is a native key", async () => {
  const before = owner;
  owner = await codegateKey(world);
  expect((await call({})).status).toBe(200);
  expect(await call({}, before)).toMatchObject({
    status: 401,
    body: { detail: "Invalid API credentials" },
  });
  const keys = (await world.admin("listApiKeys", {}))["keys"] as Json[];
  expect(keys.map(({ kind, active }) => [kind, active]).toSorted()).toEqual([
    ["codegate", false],
    ["codegate", true],
  ]);
  expect(JSON.stringify(keys)).not.toContain(owner.secret);
  const native = await world.call("listProducts", { apiKey: owner.apiKey });
  expect(native).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
  const { apiKey } = await world.admin("createApiKey", { name: "n" });
  expect(await call({}, { ...owner, apiKey: String(apiKey) })).toMatchObject({ status: 401 });
  const keyId = keys.find(({ active }) => active)?.["keyId"];
  const headers = { "x-admin-secret": ADMIN_SECRET };
  expect(await world.call("rotateApiKey", { keyId }, { headers })).toMatchObject({
    status: 409,
    body: { code: "API_KEY_NOT_ROTATABLE" },
  });
  await world.admin("revokeApiKey", { keyId });
  expect((await call({})).status).toBe(401);
});

test("of keys made at once for a project one works", async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => codegateKey(world)));
  const statuses = await Promise.all(made.map(async (key) => (await call({}, key)).status));
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
});

test("400 createApiKey says which fields are of which kind", async () => {
  const headers = { "x-admin-secret": ADMIN_SECRET };
  for (const [body, field] of [
    [{ kind: "codegate" }, "productId"],
    [{ kind: "codegate", productId: "prod_codes", scopes: ["codes:read"] }, "scopes"],
    [{ productId: "prod_codes" }, "productId"],
  ] as const) {
    const reply = await world.call("createApiKey", { name: "k", ...body }, { headers });
    expect(reply).toMatchObject({ status: 400, body: { details: [{ field }] } });
  }
});

test("429 after 60 requests a minute over two servers, with the seconds to wait", async () => {
  const store = openSqliteStore({ path: ":memory:", collections });
  const worlds = await Promise.all([openWorld({ store }), openWorld({ store })]);
  const key = await project(worlds[0] as World);
  const replies = [];
  for (let index = 0; index < 70; index++) {
    replies.push(await call({}, key, worlds[index % 2]));
  }
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(60);
  expect(replies.at(-1)).toMatchObject({
    status: 429,
    body: { detail: "Rate limit exceeded. Please try again later." },
    headers: { "retry-after": "60" },
  });
  for (const one of worlds) one.clock.advance(60_000);
  world.clock.advance(60_000);
  expect((await call({}, key, worlds[1])).status).toBe(200);
  await worlds[0]?.close();
  await worlds[1]?.close().catch(() => undefined);
});
