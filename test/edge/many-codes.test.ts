import type { Product } from "../../functions/src/core/records.ts";
import { codeStatistics } from "../../functions/src/operations/redemption-codes/code-statistics.ts";
import {
  type CodesPageAsk,
  listCodesPage,
} from "../../functions/src/operations/redemption-codes/list-codes.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { productOf } from "../support/products.ts";
import { seedCodes } from "../support/seed-codes.ts";
import { DAY, NOW, openWorld, type World } from "../support/world.ts";

const MANY = 100_000;
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/** The nth of 100,000 codes that look drawn; all that end in 7K hold "7k". */
const textOf = (n: number): string =>
  Array.from({ length: 12 }, (_, at) => ALPHABET[((n + 1) * (at * 7_919 + 104_729)) % 32]).join(
    "",
  ) + n.toString(36).toUpperCase();
const texts = Array.from({ length: MANY }, (_, n) => textOf(n));

let world: World;
let product: Product;
beforeAll(async () => {
  world = await openWorld();
  await world.admin("createProduct", { name: "T", productId: "prod_tools" });
  product = await productOf(world);
  await seedCodes(world.store, product.id, texts, (n) => ({
    createdAt: NOW + Math.floor(n / 10_000),
    ...(n % 50 === 0 ? { state: "used" as const, usedAt: NOW + n } : {}),
    ...(n % 4 === 1 ? { expiresAt: NOW - DAY } : {}),
  }));
}, 120_000);
afterAll(() => world.close());

async function cost(ask: Partial<CodesPageAsk>) {
  const { store, meter } = metered(world.store);
  const full = { page: 1, pageSize: 100, ...ask };
  const answer = await listCodesPage({ ...world.deps, store }, product, full);
  return { ...answer, ...meter };
}

const holding = (part: string) =>
  texts.filter((text) => text.toLowerCase().includes(part.toLowerCase())).length;

test.each([
  "",
  "7",
  "7k",
  "q2w",
  texts[77_777],
  texts[5]?.toLowerCase().slice(2, 9),
  "nowhere",
  "%",
])("a search for %j reads its page and counts once", async (search = "") => {
  for (const page of [1, 2, 3, 500]) {
    const { reads, aggregates, total, codes } = await cost({ search, page });
    expect(total).toBe(holding(search));
    expect(codes).toHaveLength(Math.min(100, Math.max(0, total - (page - 1) * 100)));
    expect(reads).toBeLessThanOrEqual(codes.length + 1);
    expect(aggregates).toBe(1);
  }
});

test.each(["unused", "used", "disabled", "expired"] as const)(
  "so does one for %s codes",
  async (status) => {
    const { reads, aggregates, total, codes } = await cost({ status, search: "a" });
    expect(reads).toBeLessThanOrEqual(codes.length + 1);
    expect(aggregates).toBe(1);
    expect(total > 0).toBe(status !== "disabled");
  },
);

test("a native page reads its own codes, and statistics ten", async () => {
  await world.admin("listCodes", { productId: "prod_tools", search: "7", limit: 100 });
  expect(world.touched()).toEqual({ reads: 102, writes: 0, aggregates: 0 });
  const { store, meter } = metered(world.store);
  const { total, used } = await codeStatistics({ ...world.deps, store }, product);
  expect([total, used]).toEqual([MANY, MANY / 50]);
  expect(meter).toEqual({ reads: 10, writes: 0, aggregates: 4 });
});
