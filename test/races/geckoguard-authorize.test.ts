import { countedOf, licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { authorize, geckoLicense, usedOf } from "../support/geckoguard-signed.ts";
import { type Json, machine, type Reply, type World } from "../support/world.ts";

const CALLERS = 100;
const none = { hwid: null, ip: null, concurrency: null, hwidResets: null, ipResets: null };
const devices = (maxDistinct: number) => ({
  ...none,
  hwid: { mode: "limit" as const, maxDistinct },
});

describe.each(useEngines())("$name: parallel authorizations", ({ open, retries }) => {
  let world: World;
  let owner: Owner;
  beforeEach(async () => {
    world = await openGecko({ store: open(), settings: { activationAttemptsPerHour: 0 } });
    owner = await geckoKey(world);
  });
  afterEach(() => world.close());

  const ask = async (body: Json, more = {}, left = retries): Promise<Reply> => {
    const reply = await authorize(world, owner, body, more);
    return reply.status === 503 && left > 0 ? ask(body, more, left - 1) : reply;
  };
  const activate = async (body: Json, left = retries): Promise<Reply> => {
    const reply = await world.call("activate", body);
    return reply.status === 503 && left > 0 ? activate(body, left - 1) : reply;
  };
  const together = (count: number, run: (caller: number) => Promise<Reply>) =>
    Promise.all(Array.from({ length: count }, (_, caller) => run(caller)));
  const reasons = (replies: readonly Reply[]) => {
    const seen = replies.map(({ body }) => String(body["reasonCode"]));
    return Object.fromEntries(
      [...new Set(seen)].map((one) => [one, seen.filter((s) => s === one).length]),
    );
  };

  test("of 100 devices bind 3 where 3 may", async () => {
    const licenseKey = await geckoLicense(world, { policyOverride: devices(3), maxMachines: 3 });
    const replies = await together(CALLERS, (caller) => ask({ licenseKey, hwid: `h${caller}` }));
    expect(reasons(replies)).toEqual({ ALLOW: 3, HWID_LIMIT_EXCEEDED: CALLERS - 3 });
    expect(await usedOf(world, licenseKey)).toMatchObject({ machinesUsed: 3, hwids: 3 });
  });

  test("of 100 sessions start 5 where 5 may", async () => {
    const policyOverride = {
      ...none,
      concurrency: { mode: "limit" as const, maxActive: 5, sessionTtlSeconds: 600 },
    };
    const licenseKey = await geckoLicense(world, { policyOverride });
    const replies = await together(CALLERS, (n) => ask({ licenseKey, sessionId: `s${n}` }));
    expect(reasons(replies)).toEqual({ ALLOW: 5, CONCURRENCY_LIMIT_EXCEEDED: CALLERS - 5 });
    expect(await usedOf(world, licenseKey)).toMatchObject({ sessions: 5 });
  });

  test("a license for one device gets one of two", async () => {
    const policyOverride = { ...none, hwid: { mode: "sticky" as const, maxDistinct: null } };
    const licenseKey = await geckoLicense(world, { policyOverride, maxMachines: 1 });
    const replies = await together(20, (caller) => ask({ licenseKey, hwid: `h${caller % 2}` }));
    expect(reasons(replies)).toEqual({ ALLOW: 10, HWID_MISMATCH: 10 });
    expect(await usedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, hwids: 1 });
  });

  test("one of 50 copies of a request counts", async () => {
    const licenseKey = await geckoLicense(world);
    const nonce = "the-nonce-of-them-all";
    const replies = await together(50, () => ask({ licenseKey, hwid: "h" }, { nonce }));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(refused).toEqual(
      refused.map(() =>
        expect.objectContaining({
          status: 401,
          body: { ok: false, error: expect.objectContaining({ code: "NONCE_REPLAYED" }) },
        }),
      ),
    );
  });

  test("devices and native machines have three slots together", async () => {
    const licenseKey = await world.license({ productId: "prod_gecko", maxMachines: 3 });
    const replies = await together(60, (caller) =>
      caller % 2 === 0
        ? ask({ licenseKey, hwid: `h${caller}` })
        : activate(machine(licenseKey, `m${caller}`, "prod_gecko")),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(replies.every(({ status }) => status === 200 || status === 403)).toBe(true);
    const { activations } = await countedOf(world, licenseKey);
    const { machinesUsed, hwids } = await usedOf(world, licenseKey);
    expect([machinesUsed, hwids + activations]).toEqual([3, 3]);
  });

  test("a first limit lets nobody in above it, whoever comes while its machines are counted", async () => {
    const licenseKey = await geckoLicense(world, { policyOverride: devices(4) });
    const replies = await together(40, (caller) =>
      caller % 2 === 0
        ? ask({ licenseKey, hwid: `h${caller}` })
        : activate(machine(licenseKey, `m${caller}`, "prod_gecko")),
    );
    expect(replies.every(({ status }) => status === 200 || status === 403)).toBe(true);
    const { activations } = await countedOf(world, licenseKey);
    const { machinesUsed, hwids } = await usedOf(world, licenseKey);
    expect(machinesUsed).toBe(hwids + activations);
    expect(hwids).toBeLessThanOrEqual(4);
    expect(await licenseOf(world, licenseKey)).toMatchObject({ maxMachines: 4, countAhead: false });
  });
});
