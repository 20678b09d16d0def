import type { AccountPrincipal } from "../../functions/src/operations/principal.ts";
import { registerSite } from "../../functions/src/operations/sites/register-site.ts";
import { takeActions } from "../../functions/src/operations/sites/take-actions.ts";
import { countedOf } from "../support/change-license.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { openWorld } from "../support/world.ts";

const CALLERS = 50;
const principal: AccountPrincipal = {
  kind: "account",
  accountId: "default",
  keyId: "key",
  scopes: null,
  productIds: null,
};

const together = <R>(run: () => Promise<R>) =>
  Promise.all(Array.from({ length: CALLERS }, () => patiently(run)));

describe.each(useEngines())("on $name", ({ open }) => {
  test("50 fetch at once: each action is handed out exactly once", async () => {
    const world = await openWorld({ store: open() });
    const key = await world.license();
    const address = { siteUrl: "https://example.com", identity: "example.com" };
    const license = { key, machine: { fingerprint: "domain:example.com" } };
    const made = await registerSite(world.deps, principal, { ...address, license });
    if (!made.ok) throw new Error(made.code);
    const types = ["ONE", "TWO", "THREE"];
    const siteId = made.site.id;
    for (const type of types) await world.admin("createPendingAction", { siteId, type });
    world.clock.advance(1);
    await world.admin("revokeLicense", { licenseKey: key });
    const ask = { siteToken: made.token, acknowledge: "all" } as const;
    const taken = await together(() => takeActions(world.deps, principal, ask));
    const handed = taken.flatMap((one) =>
      one.ok ? one.actions.map(({ type }) => type) : [one.code],
    );
    expect(handed.sort()).toEqual([...types, "REFRESH_LICENSE"].sort());
    await world.close();
  }, 120_000);

  test("50 register one site at once: one slot is taken and one token is good", async () => {
    const world = await openWorld({ store: open() });
    const key = await world.license({ maxMachines: 1 });
    const address = { siteUrl: "https://example.com", identity: "example.com" };
    const license = { key, machine: { fingerprint: "domain:example.com" } };
    const made = await together(() => registerSite(world.deps, principal, { ...address, license }));
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 1, activations: 1 });
    const good = await Promise.all(
      made.map((one) => {
        const siteToken = one.ok ? one.token : "";
        return takeActions(world.deps, principal, { siteToken, acknowledge: "none" });
      }),
    );
    expect(made.every(({ ok }) => ok)).toBe(true);
    expect(good.filter(({ ok }) => ok)).toHaveLength(1);
    await world.close();
  }, 120_000);
});
