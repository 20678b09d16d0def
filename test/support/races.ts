import {
  ADMIN_SECRET,
  type CallOptions,
  type Json,
  machine,
  type Reply,
  type World,
} from "./world.ts";

/** Whoever answers requests: a world, or a server process. */
export type Client = Pick<World, "call" | "admin">;

/** How often a request that met a busy store may be sent again. */
export type Patience = { readonly retries: number };

type License = { readonly licenseKey: string; readonly productId: string };

const MACHINES = 50;
const CALLERS = 200;
const SLOTS = 3;
const SEATS = 5;
const BEATS = 20;
const TRIALS = 10;
const POOL = 600;
const POOL_CALLERS = 1_000;

const SEATS_TAKEN = {
  status: 403,
  body: {
    success: false,
    error: `Floating seat limit reached (${SEATS}). Close another session first.`,
    code: "SEAT_LIMIT_REACHED",
  },
};
const MACHINES_FULL = {
  status: 403,
  body: {
    success: false,
    error: `Machine limit reached (${SLOTS}). Deactivate another machine first.`,
    code: "MACHINE_LIMIT_REACHED",
  },
};

/**
 * Two licenses of 3 machines; 50 machines ask for each, twice, all at once. Three get in, and those
 * get in however often they ask. Returns the licenses' keys.
 */
export async function raceForMachines(
  clients: readonly Client[],
  patience: Patience,
): Promise<string[]> {
  const licenses = [
    await newLicense(clients, { maxMachines: SLOTS }),
    await newLicense(clients, { maxMachines: SLOTS }),
  ];
  const races = licenses.map(async (license) => {
    const replies = await together(CALLERS / 2, async (caller, name) => {
      const ask = machine(license.licenseKey, name, license.productId);
      const reply = await answer(clientOf(clients, caller), "activate", ask, patience);
      if (reply.status !== 200) expect(reply).toMatchObject(MACHINES_FULL);
      return { name, admitted: reply.status === 200 };
    });
    const winners = new Set(replies.filter((one) => one.admitted).map((one) => one.name));
    expect(winners.size).toBe(SLOTS);
    // Nobody leaves, so a machine that got in once gets in always.
    expect(replies.filter((one) => one.admitted)).toHaveLength((SLOTS * CALLERS) / 2 / MACHINES);
    await expectHolders(clients, license, winners);

    const again = [...winners].flatMap((name) => clients.map((client) => ({ name, client })));
    const repeated = await Promise.all(
      again.map(({ name, client }) => {
        const ask = machine(license.licenseKey, name, license.productId);
        return answer(client, "activate", ask, patience);
      }),
    );
    for (const reply of repeated) {
      expect(reply).toMatchObject({ status: 200, body: { machinesUsed: SLOTS } });
    }
    await expectHolders(clients, license, winners);
    return license.licenseKey;
  });
  return Promise.all(races);
}

/** 200 attempts at once on a license whose budget is 15 an hour. Returns the license's key. */
export async function raceForAttempts(
  clients: readonly Client[],
  patience: Patience,
): Promise<string> {
  const license = await newLicense(clients, { maxMachines: SLOTS });
  const admitted = new Set<string>();
  const statuses = await together(CALLERS, async (caller, name) => {
    const ask = machine(license.licenseKey, name, license.productId);
    const reply = await answer(clientOf(clients, caller), "activate", ask, patience);
    if (reply.status === 200) admitted.add(name);
    else if (reply.status === 403) expect(reply).toMatchObject(MACHINES_FULL);
    else expect(reply).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    return reply.status;
  });
  expect(statuses.filter((status) => status !== 429)).toHaveLength(15);
  // Each machine asks four times, so at least four machines are among the 15.
  expect(admitted.size).toBe(SLOTS);
  await expectHolders(clients, license, admitted);
  return license.licenseKey;
}

/**
 * A pool of 5 seats; 200 callers on 50 machines check out, send a heartbeat and, most of them,
 * check in again. Nobody ever sees more than 5 seats taken. Returns the license's key; the pool is
 * full then.
 */
export async function raceForSeats(
  clients: readonly Client[],
  patience: Patience,
): Promise<string> {
  const license = await newLicense(clients, { licenseType: "floating", maxConcurrent: SEATS });
  const { licenseKey, productId } = license;
  const withinPool = (seats: unknown) => {
    expect(seats).toBeGreaterThanOrEqual(0);
    expect(seats).toBeLessThanOrEqual(SEATS);
  };
  await together(CALLERS, async (caller, name) => {
    const client = clientOf(clients, caller);
    const ask = machine(licenseKey, name, productId);
    const seated = await answer(client, "activate", ask, patience);
    if (caller % 8 === 0) {
      const { activations } = await details(client, licenseKey);
      withinPool(activations.filter((one) => one["sessionActive"]).length);
    }
    if (seated.status !== 200) {
      expect(seated).toMatchObject(SEATS_TAKEN);
      return;
    }
    withinPool(seated.body["machinesUsed"]);
    // Another caller on the same machine may have checked it in meanwhile.
    const { token } = seated.body;
    const beat = await answer(client, "heartbeat", { ...ask, token }, patience);
    if (beat.status === 200) withinPool(beat.body["seatsUsed"]);
    else expect(beat).toMatchObject({ status: 403, body: { code: "NOT_ACTIVATED" } });
    if (caller % 4 === 3) return;
    const freed = await answer(client, "deactivate", ask, patience);
    if (freed.status === 200) withinPool(freed.body["machinesUsed"]);
    else expect(freed).toMatchObject({ status: 404, body: { code: "NOT_ACTIVATED" } });
  });
  const left = await details(clients[0] as Client, licenseKey);
  await expectHolders(clients, license, machinesOf(left.activations));

  const fill = async () => {
    const replies = await together(MACHINES, async (caller, name) => {
      const ask = machine(licenseKey, name, productId);
      const reply = await answer(clientOf(clients, caller), "activate", ask, patience);
      if (reply.status !== 200) expect(reply).toMatchObject(SEATS_TAKEN);
      return { name, ...reply };
    });
    const seated = replies.filter((reply) => reply.status === 200);
    expect(seated).toHaveLength(SEATS);
    await expectHolders(clients, license, new Set(seated.map((reply) => reply.name)));
    return seated;
  };

  // A heartbeat on its way must not bring a machine back that has left.
  const leaving = (await fill()).flatMap(({ name, body }) => {
    const ask = { ...machine(licenseKey, name, productId), token: body["token"] };
    const calls = Array.from({ length: BEATS }, () => "heartbeat").with(BEATS / 2, "deactivate");
    return calls.map((call, caller) => answer(clientOf(clients, caller), call, ask, patience));
  });
  await Promise.all(leaving);
  await expectHolders(clients, license, new Set());
  await fill();
  return licenseKey;
}

/**
 * A pool of 600 seats, which may be counted in shards; 1,000 machines ask at once. Exactly 600
 * get in. Returns the license's key.
 */
export async function raceForPool(clients: readonly Client[], patience: Patience): Promise<string> {
  const terms = { licenseType: "floating", maxConcurrent: POOL };
  const { licenseKey, productId } = await newLicense(clients, terms);
  const replies = await Promise.all(
    Array.from({ length: POOL_CALLERS }, (_, caller) => {
      const ask = machine(licenseKey, `m${caller}`, productId);
      return answer(clientOf(clients, caller), "activate", ask, patience);
    }),
  );
  const refused = replies.filter(({ status }) => status !== 200);
  const error = `Floating seat limit reached (${POOL}). Close another session first.`;
  for (const reply of refused) {
    expect(reply).toMatchObject({ status: 403, body: { code: "SEAT_LIMIT_REACHED", error } });
  }
  expect(refused).toHaveLength(POOL_CALLERS - POOL);
  for (const client of clients) {
    const { machinesUsed, activations } = await details(client, licenseKey);
    expect(machinesUsed).toBe(POOL);
    expect(activations).toHaveLength(POOL);
  }
  return licenseKey;
}

/**
 * A trial code of 10 uses; 100 addresses redeem it at once, and 20 callers with one address redeem
 * another that is endless. Returns the keys that were given out, and what each code counts.
 */
export async function raceForTrials(clients: readonly Client[], patience: Patience) {
  const [client] = clients;
  if (!client) throw new Error("Nobody to ask.");
  const { productId } = await client.admin("createProduct", { name: "Tried" });
  await client.admin("createTrialCode", { code: "TEN", productId, maxUses: TRIALS });
  await client.admin("createTrialCode", { code: "ENDLESS", productId });
  const headers = { "x-admin-secret": ADMIN_SECRET };
  const redeem = (count: number, code: string, emailOf: (caller: number) => string) =>
    Promise.all(
      Array.from({ length: count }, (_, caller) => {
        const ask = { code, email: emailOf(caller) };
        return answer(clientOf(clients, caller), "redeemTrialCode", ask, patience, { headers });
      }),
    );
  const [many, one] = await Promise.all([
    redeem(100, "TEN", (caller) => `a${caller}@example.com`),
    redeem(20, "ENDLESS", () => "one@example.com"),
  ]);
  const refused = (replies: readonly Reply[]) =>
    replies.filter(({ status }) => status !== 200).map(({ body }) => body["code"]);
  expect(refused(many)).toEqual(Array(100 - TRIALS).fill("CODE_USED_UP"));
  expect(refused(one)).toEqual(Array(19).fill("TRIAL_ALREADY_REDEEMED"));
  const { codes } = await client.admin("listTrialCodes", { productId });
  return {
    keys: [...many, ...one].flatMap(({ body }) => (body["licenseKey"] as string) ?? []),
    uses: Object.fromEntries((codes as Json[]).map((code) => [code["code"], code["usedCount"]])),
  };
}

/** A license of a product of its own. */
export async function newLicense(clients: readonly Client[], terms: Json): Promise<License> {
  const [client] = clients;
  if (!client) throw new Error("Nobody to ask.");
  const { productId } = await client.admin("createProduct", { name: "Raced" });
  const ask = { email: "a@example.com", productId, ...terms };
  const { licenseKey } = await client.admin("createLicense", ask);
  return { licenseKey: String(licenseKey), productId: String(productId) };
}

/** The license and its machines, as the vendor sees them. */
async function details(client: Client, licenseKey: string) {
  const body = await client.admin("getLicense", { licenseKey });
  return { machinesUsed: body["machinesUsed"], activations: body["activations"] as Json[] };
}

/** Every client counts these machines and no others. */
async function expectHolders(
  clients: readonly Client[],
  { licenseKey }: License,
  holders: ReadonlySet<string>,
): Promise<void> {
  for (const client of clients) {
    const { machinesUsed, activations } = await details(client, licenseKey);
    expect(activations).toHaveLength(holders.size);
    expect(machinesOf(activations)).toEqual(holders);
    expect(machinesUsed).toBe(holders.size);
  }
}

const machinesOf = (activations: readonly Json[]) =>
  new Set(activations.map((activation) => String(activation["hostname"]).slice("host-".length)));

/** Runs that many callers at once, in turn on each of the machines. */
const together = <R>(
  callers: number,
  run: (caller: number, machineName: string) => Promise<R>,
): Promise<R[]> =>
  Promise.all(Array.from({ length: callers }, (_, caller) => run(caller, `m${caller % MACHINES}`)));

/** Callers take turns on the clients, and so do the callers on one machine. */
const clientOf = (clients: readonly Client[], caller: number): Client =>
  clients[(caller + Math.floor(caller / MACHINES)) % clients.length] as Client;

/** The answer, once the store is not busy. */
async function answer(
  client: Client,
  name: string,
  body: Json,
  { retries }: Patience,
  options?: CallOptions,
): Promise<Reply> {
  const reply = await client.call(name, body, options);
  if (reply.status !== 503) return reply;
  expect(reply.body["code"]).toBe("STORE_UNAVAILABLE");
  expect(reply.headers.get("retry-after")).toBe("1");
  expect(retries).toBeGreaterThan(0);
  return answer(client, name, body, { retries: retries - 1 }, options);
}
