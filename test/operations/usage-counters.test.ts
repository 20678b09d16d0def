import {
  countApiCall,
  countAuthorization,
  countCreated,
  countFirstUse,
  createUsageCounters,
  type FlushPolicy,
  usageDayId,
} from "../../functions/src/operations/stats/usage-counters.ts";
import { collections, usageDays } from "../../functions/src/store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import {
  DAY,
  MINUTE,
  NOW,
  license as newLicense,
  OTHER_PRODUCT_ID,
  PRODUCT_ID,
  SECOND,
} from "../support/records.ts";

const policy = { everyEvents: 100, everyMs: MINUTE };
const asked = { accountId: "studio", productId: PRODUCT_ID, denied: false };

let store: DocumentStore;
let time: number;
let due: (() => void)[];
let failures: unknown[];
beforeEach(() => {
  store = openSqliteStore({ path: ":memory:", collections });
  time = NOW;
  due = [];
  failures = [];
});
afterEach(() => store.close());

const counters = (over = store, rule: FlushPolicy | undefined = policy) => {
  const usage = createUsageCounters({
    store: over,
    now: () => time,
    policy: rule,
    later: (run) => due.push(run),
    failed: (error) => failures.push(error),
  });
  const count = ({ denied, ...whose }: typeof asked) =>
    usage.count(whose, { checks: 1, denials: denied ? 1 : 0 });
  return { usage, count, flush: usage.flush };
};
/** Lets a flush that was begun come to its end. */
const settled = async () => {
  await store.transaction(async () => undefined);
  await new Promise(setImmediate);
};
const stored = async (productId: string | null = null, at = time) => {
  const id = usageDayId("studio", productId, Math.floor(at / DAY));
  const { checks, denials } = (await store.get(usageDays, id)) ?? { checks: 0, denials: 0 };
  return [checks, denials];
};

test("the first event is written at once, the rest after a hundred or a minute", async () => {
  const counted = metered(store);
  const { count } = counters(counted.store);
  count(asked);
  await settled();
  expect(await stored()).toEqual([1, 0]);
  for (let event = 0; event < 99; event++) count(asked);
  await settled();
  expect(await stored()).toEqual([1, 0]);
  count({ ...asked, denied: true });
  await settled();
  expect(await stored()).toEqual([101, 1]);
  count(asked);
  time += MINUTE;
  count(asked);
  await settled();
  expect(await stored()).toEqual([103, 1]);
  expect(counted.meter.writes).toBe(6);
});

test("the end of a burst is written a minute later without another request", async () => {
  const { count } = counters();
  count(asked);
  await settled();
  count(asked);
  count(asked);
  expect(due).toHaveLength(1);
  time += MINUTE;
  due[0]?.();
  await settled();
  expect(await stored()).toEqual([3, 0]);
});

test("a product's sums and the account's are kept apart, and each day by itself", async () => {
  const { count, flush } = counters();
  count(asked);
  count({ ...asked, productId: OTHER_PRODUCT_ID, denied: true });
  count({ ...asked, accountId: "other" });
  time += DAY;
  count(asked);
  await flush();
  await settled();
  expect(await stored(null, NOW)).toEqual([2, 1]);
  expect(await stored(PRODUCT_ID, NOW)).toEqual([1, 0]);
  expect(await stored(OTHER_PRODUCT_ID, NOW)).toEqual([1, 1]);
  expect(await stored()).toEqual([1, 0]);
});

test("instances that write at once lose nothing of each other's", async () => {
  const instances = Array.from({ length: 10 }, () => counters());
  for (let event = 0; event < 50; event++) for (const { count } of instances) count(asked);
  await Promise.all(instances.map(({ flush }) => flush()));
  await settled();
  expect(await stored()).toEqual([500, 0]);
});

test("authorizations with their reasons, licenses and API calls are kept by day and by hour", async () => {
  const { usage, flush } = counters(store, { everyEvents: 1_000, everyMs: MINUTE });
  const product = { accountId: "studio", productId: PRODUCT_ID };
  countApiCall({ usage }, product);
  countAuthorization({ usage }, product, null);
  countAuthorization({ usage }, product, "LICENSE_NOT_FOUND");
  await flush();
  time += 60 * MINUTE;
  countAuthorization({ usage }, product, "HWID_MISMATCH");
  countCreated({ usage }, product, 3);
  countFirstUse({ usage }, newLicense(product));
  await flush();
  const none = { licensesCreated: 0, licensesActivated: 0, apiCalls: 0 };
  const first = {
    ...none,
    ...{ checks: 0, denials: 0, authorizations: 1, refusals: 1, apiCalls: 1 },
    reasons: { LICENSE_NOT_FOUND: 1 },
  };
  const second = {
    ...{ checks: 0, denials: 0, authorizations: 0, refusals: 1, apiCalls: 0 },
    reasons: { HWID_MISMATCH: 1 },
    licensesCreated: 3,
    licensesActivated: 1,
  };
  for (const productId of [PRODUCT_ID, null]) {
    const id = usageDayId("studio", productId, Math.floor(NOW / DAY));
    expect(await store.get(usageDays, id)).toMatchObject({
      ...{ checks: 0, denials: 0, authorizations: 1, refusals: 2, apiCalls: 1 },
      ...{ licensesCreated: 3, licensesActivated: 1 },
      reasons: { LICENSE_NOT_FOUND: 1, HWID_MISMATCH: 1 },
      hours: { "9": first, "10": second },
    });
  }
});

test("what could not be written is taken along by the next flush, and the store is not pressed", async () => {
  const down = new StoreUnavailableError("down");
  const transaction = jest.fn(store.transaction.bind(store)).mockRejectedValueOnce(down);
  const broken = { ...metered(store).store, transaction } as DocumentStore;
  const { count } = counters(broken);
  count(asked);
  await settled();
  expect(failures).toEqual([down]);
  for (let event = 0; event < 50; event++) count(asked);
  time += 30 * SECOND;
  count(asked);
  await settled();
  expect(transaction).toHaveBeenCalledTimes(1);
  time += MINUTE;
  count(asked);
  await settled();
  expect(await stored()).toEqual([53, 0]);
});

test("more products than fit one transaction are written in several", async () => {
  const { count, flush } = counters(store, { everyEvents: 1_000, everyMs: MINUTE });
  count(asked);
  await settled();
  for (let product = 0; product < 250; product++) {
    const productId = `5f0c2c1e-0a1b-4c3d-8e5f-${String(product).padStart(12, "0")}`;
    count({ ...asked, productId });
  }
  await flush();
  expect(await stored()).toEqual([251, 0]);
});
