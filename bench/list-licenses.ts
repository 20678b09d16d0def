// How long a page of 100 licenses takes in SQLite, by filter, among few licenses and among many.
//
//   npm run bench:list [-- many]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVault } from "../functions/src/crypto/vault.ts";
import type { Deps } from "../functions/src/operations/deps.ts";
import {
  type LicenseFilterAsk,
  listLicenses,
} from "../functions/src/operations/licenses/list-licenses.ts";
import { handleReservationId } from "../functions/src/operations/products/find-product.ts";
import { collections, products, reservations } from "../functions/src/store/collections.ts";
import { openSqliteStore } from "../functions/src/store/sqlite.ts";
import { PRODUCT_ID } from "../test/support/records.ts";
import { seedKey, seedLicenses } from "../test/support/seed-licenses.ts";
import { asked, positive } from "./asked.ts";

const TARGET_RATIO = 5;
const FEW = 1_000;
const BATCH = 1_000;
const ROUNDS = 60;
const PAGE = 100;
const USAGE =
  "npm run bench:list -- [many]\nmeasures a page of licenses by filter, among 1,000 and among many.";
const many = asked(USAGE, () => {
  const number = positive("many", process.argv[2] ?? "200000");
  if (number < FEW) throw new RangeError(`many must be at least ${FEW}`);
  return number;
});

const vault = createVault({
  pepper: new Uint8Array(32).fill(1),
  encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
});
const pick = <T>(values: readonly T[], n: number) => values[n % values.length] as T;
const at = Date.parse("2026-11-20T09:00:00Z");
const accountId = "studio-one";

const filters: Record<string, LicenseFilterAsk> = {
  "no filter": {},
  creatorId: { creatorId: accountId },
  productId: { productId: "prod_tools" },
  status: { status: "suspended" },
  variant: { variant: "pro" },
  licenseType: { licenseType: "floating" },
  "productId, status, variant, licenseType": {
    productId: "prod_tools",
    status: "active",
    variant: "pro",
    licenseType: "per-machine",
  },
  email: { email: "user-7@example.com" },
  "email, status": { email: "user-7@example.com", status: "active" },
  "search: 3 characters of the e-mail": { search: "use" },
  "search: 15 characters of the e-mail": { search: "user-7@example." },
  "search: beginning of a key": { search: seedKey(500).slice(0, 9) },
  "search, productId": { search: "user-", productId: "prod_tools" },
};

async function measure(count: number) {
  const directory = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const path = join(directory, "bench.sqlite");
  const store = openSqliteStore({ path, collections, synchronous: "NORMAL" });
  const deps = { store, vault, now: () => at } as Pick<Deps, "store" | "vault" | "now"> as Deps;
  const product = {
    accountId,
    handle: "prod_tools",
    slug: "tools",
    name: "Tools",
    description: "",
  };
  const times = { createdAt: at, updatedAt: at };
  await store.commit([
    {
      kind: "create",
      collection: products,
      record: { id: PRODUCT_ID, ...product, status: "live", ...times },
    },
    {
      kind: "create",
      collection: reservations,
      record: {
        id: handleReservationId("prod_tools"),
        kind: "product-handle",
        accountId,
        targetId: PRODUCT_ID,
        createdAt: at,
      },
    },
  ]);
  const started = performance.now();
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    const changes = Array.from({ length: size }, (_, index) => {
      const n = from + index;
      return {
        email: `user-${n % 9}@example.com`,
        variant: pick(["indie", "pro"], n),
        status: pick(["active", "active", "suspended"] as const, n),
        licenseType: pick(["per-machine", "per-machine", "floating"] as const, n >> 2),
        maxConcurrent: 5,
        createdAt: at + n,
      };
    });
    await seedLicenses(deps, changes, from);
  }
  console.log(`${count} licenses filed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const medians = new Map<string, number>();
  for (const [name, filter] of Object.entries(filters)) {
    const taken: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const begun = performance.now();
      const page = await listLicenses(deps, { kind: "administrator" }, { ...filter, limit: PAGE });
      taken.push(performance.now() - begun);
      if (!page.ok || page.licenses.length === 0) throw new Error(`${name}: nothing found`);
    }
    medians.set(name, taken.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0);
  }
  await store.close();
  rmSync(directory, { recursive: true });
  return medians;
}

const few = await measure(FEW);
const lots = await measure(many);
let worst = 0;
console.log(`\nmedian of ${ROUNDS} pages of ${PAGE}, ms | ${FEW} | ${many} | ratio`);
for (const [name, before] of few) {
  const after = lots.get(name) ?? 0;
  worst = Math.max(worst, after / before);
  console.log(
    `${name} | ${before.toFixed(2)} | ${after.toFixed(2)} | ${(after / before).toFixed(2)}`,
  );
}
console.log(`\nworst ratio ${worst.toFixed(2)}, wanted at most ${TARGET_RATIO}`);
if (worst > TARGET_RATIO) process.exitCode = 1;
