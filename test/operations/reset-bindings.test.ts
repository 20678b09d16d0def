import { resetBindings } from "../../functions/src/operations/licenses/reset-bindings.ts";
import { outbox } from "../../functions/src/store/collections.ts";
import { auditOf, licenseOf } from "../support/change-license.ts";
import { geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { authorize, geckoLicense, usedOf } from "../support/geckoguard-signed.ts";
import { NOW, type World } from "../support/world.ts";

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const everybody = { kind: "administrator" } as const;

test.each([
  ["hwid", { machinesUsed: 0, hwids: 0, addresses: 1 }],
  ["ip", { machinesUsed: 1, hwids: 1, addresses: 0 }],
] as const)("a reset of %s forgets that kind, counts, is audited and told", async (kind, left) => {
  const policyOverride = {
    ...{ hwid: { mode: "sticky" as const, maxDistinct: null }, ip: null, concurrency: null },
    ...{ hwidResets: { max: 1, cooldownHours: 24 }, ipResets: null },
  };
  const licenseKey = await geckoLicense(world, { policyOverride, maxMachines: 1 });
  await authorize(world, owner, { licenseKey, hwid: "a" });
  const { id: licenseId } = await licenseOf(world, licenseKey);
  const reset = await resetBindings(world.deps, everybody, { licenseId, kind });
  const max = kind === "hwid" ? 1 : 3;
  expect(reset).toEqual({
    ...{ ok: true, licenseId, cleared: 1 },
    resets: {
      ...{ used: 1, max, remaining: max - 1 },
      nextAllowedAt: kind === "hwid" ? null : NOW + 24 * 3_600_000,
    },
  });
  expect(await usedOf(world, licenseKey)).toMatchObject(left);
  expect((await auditOf(world))[0]).toMatchObject({
    action: kind === "hwid" ? "license.resetHwid" : "license.resetIp",
    before: { bindings: 1, resets: 0 },
    after: { bindings: 0, resets: 1 },
  });
  const { items } = await world.store.query(outbox, "oldest", { limit: 100 });
  expect(items.map(({ type }) => type)).toContain(`license.${kind}_reset`);
  const other = await authorize(world, owner, { licenseKey, hwid: "b" });
  expect(other.status).toBe(kind === "hwid" ? 200 : 403);
});

test("a license of another account is not there", async () => {
  const licenseKey = await geckoLicense(world);
  const { id: licenseId } = await licenseOf(world, licenseKey);
  const stranger = {
    ...({ kind: "account", accountId: "other", keyId: owner.keyId } as const),
    ...{ scopes: null, productIds: null },
  };
  const reset = await resetBindings(world.deps, stranger, { licenseId, kind: "hwid" });
  expect(reset).toMatchObject({ ok: false, code: "LICENSE_NOT_FOUND" });
  expect((await licenseOf(world, licenseKey)).authorization).toBeNull();
});
