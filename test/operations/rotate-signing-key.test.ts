import { createKeyring, type Keyring } from "../../functions/src/operations/signing/keyring.ts";
import type { RotateAsk } from "../../functions/src/operations/signing/rotate-signing-key.ts";
import { rotateSigningKey } from "../../functions/src/operations/signing/rotate-signing-key.ts";
import { keyrings } from "../../functions/src/store/collections.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../support/records.ts";
import { openWorld, type World } from "../support/world.ts";

const claims = { licenseKey: "key", machineFingerprint: "fp-a", productId: "prod_tools" };
const LIFE = 30 * DAY;

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const instance = (store = world.store) =>
  createKeyring({ store, vault: world.deps.vault, now: world.clock.now });
const issue = (keyring: Keyring) =>
  keyring.issue(claims, world.clock.now(), world.clock.now() + LIFE);
const state = async (keyring: Keyring, token: string) =>
  (await keyring.read(token, world.clock.now())).state;
const kids = async () => (await world.store.get(keyrings, "signing"))?.keys.map(({ kid }) => kid);

/** Rotates from an instance of its own, as each deployed function is. */
async function rotate(ask: RotateAsk = {}) {
  const deps = { ...world.deps, keyring: instance() };
  const decision = await rotateSigningKey(deps, { kind: "administrator" }, ask);
  if (!decision.ok) throw new Error(decision.code);
  return decision;
}

test.each([
  ["ten minutes ahead", {}, MINUTE / 4, 25 * MINUTE, 10 * MINUTE],
  ["30 seconds ahead", { immediately: true }, SECOND, 90 * SECOND, 30 * SECOND],
])(
  "two instances accept each other's tokens at every step of a rotation %s",
  async (_, ask, step, until, lead) => {
    for (const readAgoMs of [0, 3 * SECOND, 11 * SECOND, 4 * MINUTE]) {
      const [one, other] = [instance(), instance()];
      await one.certificate();
      world.clock.advance(readAgoMs);
      await other.certificate();
      const before = (await other.certificate()).kid;
      const outstanding = [await issue(one), await issue(other)];
      const { kid, activeAt } = await rotate(ask);
      expect(activeAt - world.clock.now()).toBe(lead);
      for (let passed = 0; passed <= until; passed += step) {
        outstanding.push(await issue(one), await issue(other));
        const latest = outstanding.slice(-4);
        for (const token of [...latest, String(outstanding[0])]) {
          expect([passed, await state(one, token), await state(other, token)]).toEqual([
            passed,
            "valid",
            "valid",
          ]);
        }
        const signers = [(await one.certificate()).kid, (await other.certificate()).kid];
        if (passed < lead) expect(signers).toEqual([before, before]);
        else if (lead > 5 * MINUTE) expect(signers).toEqual([kid, kid]);
        world.clock.advance(step);
      }
      for (const token of outstanding) expect(await state(one, token)).toBe("valid");
      world.clock.advance(10 * MINUTE);
    }
  },
);

test("a rotation costs an instance no reads: one in five minutes, before, during and after", async () => {
  const counted = metered(world.store);
  const keyring = instance(counted.store);
  await issue(keyring);
  await rotate();
  for (let passed = 0; passed < 30; passed++) {
    expect(await state(keyring, await issue(keyring))).toBe("valid");
    await Promise.all([keyring.certificate(), keyring.jwks()]);
    world.clock.advance(MINUTE);
  }
  expect(counted.meter).toEqual({ reads: 6, writes: 0, aggregates: 0 });
});

test("a key goes when its last token has ended, and not before", async () => {
  const [first] = (await kids()) ?? [];
  const { kid: second, activeAt } = await rotate();
  world.clock.advance(activeAt - world.clock.now() + LIFE);
  const { kid: third } = await rotate();
  expect(await kids()).toEqual([third, second, first]);
  world.clock.advance(HOUR);
  const { kid: fourth } = await rotate();
  expect(await kids()).toEqual([fourth, third, second]);
});

test("a key that signed for years stays until its successor's first 30 days are over", async () => {
  const [first] = (await kids()) ?? [];
  world.clock.advance(700 * DAY);
  const token = await issue(instance());
  await rotate();
  world.clock.advance(29 * DAY);
  await rotate();
  expect(await kids()).toContain(first);
  expect(await state(instance(), token)).toBe("valid");
});

test("rotations at once end in one keyring that holds all their keys", async () => {
  const before = (await kids()) ?? [];
  const made = await Promise.all([rotate(), rotate(), rotate({ immediately: true })]);
  const after = (await kids()) ?? [];
  expect([...after].sort()).toEqual([...before, ...made.map(({ kid }) => kid)].sort());
  const [one, other] = [instance(), instance()];
  world.clock.advance(10 * MINUTE);
  expect((await one.certificate()).kid).toBe((await other.certificate()).kid);
  expect(await state(one, await issue(other))).toBe("valid");
});

test("a revoked key's tokens end with it, and another key signs at once", async () => {
  const reader = instance();
  const old = await issue(reader);
  const [first] = (await kids()) ?? [];
  const { kid, activeAt } = await rotate({ immediately: true, revoke: true });
  expect(activeAt).toBe(world.clock.now());
  expect(await kids()).toEqual([kid]);
  expect(kid).not.toBe(first);
  const fresh = instance();
  expect(await state(fresh, old)).toBe("invalid");
  expect((await fresh.certificate()).kid).toBe(kid);
  world.clock.advance(5 * MINUTE);
  expect(await state(reader, old)).toBe("invalid");
  expect(await state(reader, await issue(fresh))).toBe("valid");
});

test("an older key may be revoked while the present one signs on", async () => {
  const [first] = (await kids()) ?? [];
  const { kid: second } = await rotate();
  world.clock.advance(HOUR);
  const signed = await issue(instance());
  const { kid, activeAt } = await rotate({ immediately: true, revokeKid: String(first) });
  expect(await kids()).toEqual([kid, second]);
  expect(activeAt - world.clock.now()).toBe(30 * SECOND);
  expect(await state(instance(), signed)).toBe("valid");
});

test("a keyring that an older version wrote reads, signs and rotates", async () => {
  const kept = await world.store.get(keyrings, "signing");
  const keys = kept?.keys.map(({ activeAt: _, rootPublicKey: __, ...key }) => key);
  await world.store.commit([{ kind: "set", collection: keyrings, record: { ...kept, keys } }]);
  const old = await issue(instance());
  const { kid } = await rotate();
  world.clock.advance(10 * MINUTE);
  const keyring = instance();
  expect((await keyring.certificate()).kid).toBe(kid);
  expect(await state(keyring, old)).toBe("valid");
});
