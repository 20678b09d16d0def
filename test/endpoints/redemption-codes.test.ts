import type { RedemptionCode } from "../../functions/src/core/redemption-codes.ts";
import { codeStatistics } from "../../functions/src/operations/redemption-codes/code-statistics.ts";
import {
  getCode,
  getCodeByText,
} from "../../functions/src/operations/redemption-codes/find-code.ts";
import {
  type CodesPageAsk,
  listCodesPage,
} from "../../functions/src/operations/redemption-codes/list-codes.ts";
import { codeLog } from "../../functions/src/operations/redemption-codes/log.ts";
import { reactivateCode } from "../../functions/src/operations/redemption-codes/reactivate-code.ts";
import { redeemCode } from "../../functions/src/operations/redemption-codes/redeem-code.ts";
import { listPages } from "../../functions/src/store/collections.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { productOf } from "../support/products.ts";
import { seedCodes } from "../support/seed-codes.ts";
import {
  ADMIN_SECRET,
  DAY,
  type Json,
  MINUTE,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

let world: World;
/** The product's UUID. */
let id: string;
beforeEach(async () => {
  world = await openWorld();
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
  id = (await productOf(world)).id;
});
afterEach(() => world.close());

const productId = "prod_tools";
const admin = (name: string, body: Json = {}) => world.admin(name, { productId, ...body });
const call = (name: string, body: Json = {}, headers = {}) =>
  world.call(
    name,
    { productId, ...body },
    { headers: { "x-admin-secret": ADMIN_SECRET, ...headers } },
  );
const listed = async (filter: Json = {}) =>
  ((await admin("listCodes", filter))["codes"] as Json[]).map(({ code }) => code);
const page = async (ask: Partial<CodesPageAsk>) =>
  listCodesPage(world.deps, await productOf(world), { page: 1, pageSize: 2, ...ask });
const redeem = (text: string, usedBy: string | null = null) =>
  redeemCode(world.deps, { productId: id, text, usedBy });

describe("createCodes", () => {
  test("200 draws as many as asked, of the form that was asked", async () => {
    const plain = await admin("createCodes", { count: 3 });
    expect(plain).toMatchObject({ success: true, created: 3, duplicates: 0 });
    for (const code of plain["codes"] as string[]) expect(code).toMatch(/^[2-9A-HJ-NP-Z]{12}$/);
    const formed = await admin("createCodes", { count: 2, prefix: "A -", suffix: "!", length: 16 });
    for (const code of formed["codes"] as string[])
      expect(code).toMatch(/^A -[2-9A-HJ-NP-Z]{12}!$/);
    expect(await listed()).toHaveLength(5);
  });

  test("200 10,000 in a call, all different", async () => {
    const made = await admin("createCodes", { count: 10_000, prefix: "SPRING-" });
    expect(new Set(made["codes"] as string[]).size).toBe(10_000);
    expect((await page({})).total).toBe(10_000);
  }, 60_000);

  test("200 imports codes as they are, each once, and leaves those that are there alone", async () => {
    expect(await admin("createCodes", { codes: ["a b", "A B", "中文", "a b"] })).toEqual({
      success: true,
      created: 3,
      duplicates: 1,
      codes: ["a b", "A B", "中文"],
    });
    await redeem("a b", "user-1");
    const again = await admin("createCodes", { codes: ["a b", "new"], expiresAt: "2027-01-01" });
    expect(again).toMatchObject({ created: 1, duplicates: 1, codes: ["new"] });
    const { codes } = (await admin("listCodes", { search: "a b" })) as { codes: Json[] };
    expect(codes.find(({ code }) => code === "a b")).toMatchObject({
      status: "used",
      usedBy: "user-1",
      expiresAt: null,
    });
  });

  test("503 half way, a repetition adds what is missing and no more", async () => {
    const { store } = world;
    const real = store.transaction.bind(store);
    let left = 4;
    store.transaction = ((body) => {
      if (--left < 0) throw new Error("the store is gone");
      return real(body);
    }) as typeof store.transaction;
    const headers = { "idempotency-key": "batch-1" };
    expect((await call("createCodes", { count: 1_000 }, headers)).status).toBe(500);
    store.transaction = real;
    const before = new Set(await listed({ limit: 500 }));
    expect(before.size).toBeGreaterThan(0);
    expect(before.size).toBeLessThan(1_000);
    const { body } = await call("createCodes", { count: 1_000 }, headers);
    expect(body).toMatchObject({ created: 1_000, duplicates: 0 });
    expect(new Set(body["codes"] as string[]).size).toBe(1_000);
    expect((await page({})).total).toBe(1_000);
    for (const code of before) expect(body["codes"]).toContain(code);
    expect((await call("createCodes", { count: 1_000 }, headers)).body).toEqual(body);
    expect((await page({})).total).toBe(1_000);
  });

  test("a draw that meets a code that is there is made again", async () => {
    const { randomBytes } = world.deps;
    const same = { ...world.deps, randomBytes: () => new Uint8Array(32) };
    Object.assign(world.deps, { randomBytes: same.randomBytes });
    const first = await admin("createCodes", { count: 50 });
    const second = await admin("createCodes", { count: 60 });
    Object.assign(world.deps, { randomBytes });
    const all = [...(first["codes"] as string[]), ...(second["codes"] as string[])];
    expect(new Set(all).size).toBe(110);
  });

  test.each<[Json, string]>([
    [{}, "count: is required"],
    [{ count: 1, codes: ["x"] }, "codes: must not come with count"],
    [{ count: 0 }, "count: must be at least 1"],
    [{ count: 10_001 }, "count: must be at most 10000"],
    [{ count: 1, length: 17 }, "length: must be from 8 to 16"],
    [{ count: 1, prefix: "x".repeat(11) }, "prefix: must be at most 10 characters"],
    [
      { count: 400, prefix: "SPRING", length: 8 },
      "length: leaves too little to chance for that many codes",
    ],
    [{ codes: [] }, "codes: must name at least 1 code"],
    [{ codes: ["x".repeat(101)] }, "codes.0: must be at most 100 characters"],
    [{ codes: [""] }, "codes.0: must not be empty"],
    [
      { codes: Array.from({ length: 5_001 }, (_, n) => `${n}`.padStart(100, "0")) },
      "codes: must have at most 500000 bytes in all",
    ],
  ])("400 %j", async (body, error) => {
    const reply = await call("createCodes", body);
    expect([reply.status, reply.body["error"]]).toEqual([400, expect.stringContaining(error)]);
  });

  test("the audit log has the call, without its codes", async () => {
    await admin("createCodes", { codes: ["TOP-SECRET"] });
    const { entries } = (await world.admin("listAuditLog", {
      action: "redemption_codes.create",
    })) as { entries: Json[] };
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain("TOP-SECRET");
  });
});

describe("updateCode and deleteCode", () => {
  beforeEach(() => admin("createCodes", { codes: ["ABC", "abc"] }));

  test("200 disables, enables and moves the expiry of exactly that code, with an audit entry", async () => {
    const change = async (body: Json) =>
      (await admin("updateCode", { code: "ABC", ...body }))["code"];
    expect(await change({ disabled: true })).toMatchObject({ code: "ABC", status: "disabled" });
    expect(await listed({ status: "disabled" })).toEqual(["ABC"]);
    expect(await change({ active: true })).toMatchObject({ status: "unused" });
    expect(await change({ expiresAt: "2026-11-20T08:59:59Z" })).toMatchObject({
      status: "expired",
      expiresAt: "2026-11-20T08:59:59.000Z",
    });
    expect(await listed({ status: "expired" })).toEqual(["ABC"]);
    expect(await change({ expiresAt: null })).toMatchObject({ status: "unused", expiresAt: null });
    const { entries } = (await world.admin("listAuditLog", {
      action: "redemption_code.update",
    })) as { entries: Json[] };
    expect(entries).toHaveLength(4);
    expect(entries).toContainEqual(
      expect.objectContaining({ before: { state: "unused" }, after: { state: "disabled" } }),
    );
  });

  test("409 a used code is not disabled, and 404 for a code that is not there", async () => {
    await redeem("ABC");
    const reply = await call("updateCode", { code: "ABC", disabled: true });
    expect(reply).toMatchObject({ status: 409, body: { code: "REDEMPTION_CODE_USED" } });
    for (const name of ["updateCode", "deleteCode"]) {
      const absent = await call(name, { code: "Abc" });
      expect(absent).toMatchObject({ status: 404, body: { code: "REDEMPTION_CODE_NOT_FOUND" } });
    }
    const both = await call("updateCode", { code: "abc", disabled: true, active: true });
    expect(both.status).toBe(400);
  });

  test("200 a deleted code is gone, and its log stays", async () => {
    const code = await getCodeByText(world.deps, { productId: id, text: "ABC" });
    await redeem("ABC");
    await admin("deleteCode", { code: "ABC" });
    expect(await listed()).toEqual(["abc"]);
    expect(await redeem("ABC")).toMatchObject({ code: "REDEMPTION_CODE_NOT_FOUND" });
    expect(await codeLog(world.deps, String(code?.id))).toHaveLength(1);
  });
});

describe("lists", () => {
  test("200 newest first, by status and part of the text, a page after the other", async () => {
    for (const code of ["OLD-1", "old-2", "NEW-1"]) {
      await admin("createCodes", { codes: [code] });
      world.clock.advance(1_000);
    }
    expect(await listed()).toEqual(["NEW-1", "old-2", "OLD-1"]);
    expect(await listed({ search: "oLd" })).toEqual(["old-2", "OLD-1"]);
    expect(await listed({ search: "%" })).toEqual([]);
    expect(await listed({ search: "" })).toHaveLength(3);
    await redeem("OLD-1");
    expect(await listed({ search: "-1", status: "unused" })).toEqual(["NEW-1"]);
    const first = await admin("listCodes", { limit: 2 });
    const { codes } = (await admin("listCodes", { limit: 2, cursor: first["nextCursor"] })) as {
      codes: Json[];
    };
    expect(codes.map(({ code }) => code)).toEqual(["OLD-1"]);
    const query = { productId, search: "NEW", limit: "1" };
    const got = await world.call("listCodes", undefined, {
      method: "GET",
      query,
      headers: { "x-admin-secret": ADMIN_SECRET },
    });
    expect(got.body["codes"]).toHaveLength(1);
    expect((await call("listCodes", { status: "gone" })).status).toBe(400);
  });

  test("a product's expiry ends the codes that have none of their own", async () => {
    await admin("createCodes", { codes: ["follows"] });
    await admin("createCodes", { codes: ["later"], expiresAt: "2027-06-01" });
    await admin("createCodes", { codes: ["sooner"], expiresAt: "2026-11-20T08:00:00Z" });
    const counts = async () => {
      const { unused, expired, total } = await codeStatistics(world.deps, await productOf(world));
      expect(total).toBe(3);
      expect((await page({ status: "unused" })).total).toBe(unused);
      expect((await page({ status: "expired" })).total).toBe(expired);
      return [unused, expired];
    };
    expect(await counts()).toEqual([2, 1]);
    const { product } = (await admin("updateProduct", { expiresAt: "2026-11-20T08:30:00Z" })) as {
      product: Json;
    };
    expect(product).toMatchObject({ expiresAt: "2026-11-20T08:30:00.000Z", enabled: true });
    expect(await counts()).toEqual([1, 2]);
    expect(await listed({ status: "unused" })).toEqual(["later"]);
    expect(await redeem("follows")).toMatchObject({ code: "REDEMPTION_CODE_EXPIRED" });
    expect(await redeem("later")).toMatchObject({ code: "PRODUCT_EXPIRED" });
    await admin("updateProduct", { expiresAt: null });
    expect(await counts()).toEqual([2, 1]);
  });

  test("pages by number hold every code once, and their own totals", async () => {
    const texts = Array.from({ length: 7 }, (_, n) => `code-${n}`);
    await seedCodes(world.store, id, texts, (n) => ({ createdAt: NOW + Math.floor(n / 3) }));
    const walked: RedemptionCode[] = [];
    for (const number of [1, 2, 3, 4]) {
      const { codes, total } = await page({ page: number });
      expect(total).toBe(7);
      walked.push(...codes);
    }
    expect(new Set(walked.map(({ text }) => text)).size).toBe(7);
    expect(walked.map(({ createdAt }) => createdAt - NOW)).toEqual([2, 1, 1, 1, 0, 0, 0]);
    // A page that nobody came to is the same as one that was walked to.
    for (const number of [4, 2]) {
      const jumped = await page({ page: number, search: "CODE" });
      expect(jumped.codes).toEqual(walked.slice((number - 1) * 2, number * 2));
    }
    expect(await page({ page: 5 })).toEqual({ codes: [], total: 7 });
    expect(await page({ search: "none" })).toEqual({ codes: [], total: 0 });
  });

  test("a list that changed is counted off anew", async () => {
    await seedCodes(world.store, id, ["a", "b", "c", "d"], (n) => ({ createdAt: NOW - n }));
    await page({ page: 1 });
    world.clock.advance(MINUTE);
    await admin("createCodes", { codes: ["new"] });
    const second = await page({ page: 2 });
    expect(second.codes.map(({ text }) => text)).toEqual(["b", "c"]);
  });
});

describe("exportCodes", () => {
  const exported = async (body: Json) =>
    (
      await fetch(`${world.url}/exportCodes`, {
        method: "POST",
        headers: { "x-admin-secret": ADMIN_SECRET },
        body: JSON.stringify({ productId, ...body }),
      })
    ).text();

  test("200 every code once, over the pages it reads, as CSV and as JSON", async () => {
    const texts = Array.from({ length: 1_203 }, (_, n) => `=${n}`);
    await seedCodes(world.store, id, texts);
    const rows = (await exported({})).split("\r\n");
    expect(rows[0]).toBe("codeId,code,status,expiresAt,usedAt,usedBy,createdAt");
    expect(new Set(rows.slice(1, -1).map((row) => row.split(",")[1])).size).toBe(1_203);
    expect(rows[1]).toMatch(/,'=\d+,unused,,,,/);
    const json = JSON.parse(await exported({ format: "json", search: "=1200" })) as Json[];
    expect(json).toEqual([expect.objectContaining({ code: "=1200", status: "unused" })]);
    expect(JSON.parse(await exported({ format: "json", status: "used" }))).toEqual([]);
  });
});

describe("redemption", () => {
  beforeEach(() => admin("createCodes", { codes: ["ABC12345"] }));

  test("every redemption and reactivation is in the code's log, newest first", async () => {
    const code = await getCodeByText(world.deps, { productId: id, text: "ABC12345" });
    const codeId = String(code?.id);
    expect(await redeem("abc12345")).toMatchObject({ code: "REDEMPTION_CODE_NOT_FOUND" });
    expect(await redeem("ABC12345", "user-1")).toMatchObject({
      ok: true,
      code: { id: codeId, state: "used", usedAt: NOW, usedBy: "user-1" },
    });
    world.clock.advance(1_000);
    const address = "192.0.2.10";
    const ask = { productId: id, text: "ABC12345", usedBy: "user-2", address };
    expect(await redeemCode(world.deps, ask)).toMatchObject({ code: "REDEMPTION_CODE_USED" });
    world.clock.advance(1_000);
    const back = { productId: id, text: "ABC12345", by: "boss", reason: "refund" };
    expect(await reactivateCode(world.deps, back)).toMatchObject({ ok: true });
    expect(await reactivateCode(world.deps, back)).toMatchObject({
      code: "REDEMPTION_CODE_UNUSED",
    });
    const entries = await codeLog(world.deps, codeId);
    expect(entries.map(({ result, by, reason, address }) => [result, by, reason, address])).toEqual(
      [
        ["reactivated", "boss", "refund", null],
        ["failed", "user-2", null, address],
        ["success", "user-1", null, null],
      ],
    );
    expect(await getCode(world.deps, { productId: id, id: codeId })).toMatchObject({
      state: "unused",
    });
  });

  test("a disabled product redeems nothing, and another's codes are not its own", async () => {
    await admin("updateProduct", { enabled: false });
    expect(await redeem("ABC12345")).toMatchObject({ code: "PRODUCT_DISABLED" });
    const other = await world.admin("createProduct", { name: "Other" });
    const { codes } = await page({});
    const elsewhere = { productId: String(other["projectId"]), id: String(codes[0]?.id) };
    expect(await getCode(world.deps, elsewhere)).toBeUndefined();
  });

  test("statistics add up, with the ten latest redemptions", async () => {
    const texts = Array.from({ length: 20 }, (_, n) => `n${n}`);
    await seedCodes(world.store, id, texts, (n) =>
      n < 12
        ? { state: "used", usedAt: NOW + n }
        : n < 14
          ? { state: "disabled", expiresAt: NOW - DAY }
          : { expiresAt: NOW - DAY },
    );
    const { recent, ...counts } = await codeStatistics(world.deps, await productOf(world));
    expect(counts).toEqual({ total: 21, used: 12, disabled: 2, expired: 6, unused: 1 });
    expect(recent.map(({ text }) => text)).toEqual(texts.slice(2, 12).reverse());
  });
});

test("a page notes where the next begins for ten minutes, and reads its own codes", async () => {
  await seedCodes(world.store, id, ["a", "b", "c"]);
  const { store, meter } = metered(world.store);
  const product = await productOf(world);
  await page({});
  const { codes } = await listCodesPage({ ...world.deps, store }, product, {
    page: 2,
    pageSize: 2,
  });
  expect(codes).toHaveLength(1);
  expect(meter).toMatchObject({ reads: 2, aggregates: 1 });
  expect(listPages.ttlField).toBe("expireAt");
});
