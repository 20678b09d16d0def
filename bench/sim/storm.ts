import type { License } from "../../functions/src/core/records.ts";
import { createVault } from "../../functions/src/crypto/vault.ts";
import { activate } from "../../functions/src/operations/activations/activate.ts";
import { heartbeat } from "../../functions/src/operations/activations/heartbeat.ts";
import { activationIdOf, keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { createSeatPools } from "../../functions/src/operations/activations/seat-pools.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { activations, licenses } from "../../functions/src/store/collections.ts";
import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import { activation, license, NOW, settings } from "../../test/support/records.ts";
import { simulatedStore } from "./client.ts";
import { type Chance, createChance, createClock } from "./clock.ts";
import { type Change, createFirestore, type Firestore, keyOf, type Limits } from "./firestore.ts";

const MINUTE_MS = 60_000;
const HEARTBEAT_MS = 5 * MINUTE_MS;
/** What a machine waits after a 503: doubled each time, ± half. */
const RETRY_MS = 1_000;
const RETRY_MOST_MS = 30_000;
const HOT_KEY = "22222-22222-22222-22222-22222";
const OTHER_POOL_SEATS = 400;

export type Storm = {
  readonly seed: number;
  readonly limits: Limits;
  readonly machines: number;
  readonly seats: number;
  /** Whether the pool's seats are counted in shards, or in its license. */
  readonly inShards: boolean;
  /** Within which every machine asks for the first time. */
  readonly arrivalMs: number;
  /** Of machines that have their seats in other pools; each sends one while the machines arrive. */
  readonly heartbeats: number;
  /** The run ends here whoever still waits. */
  readonly endMs: number;
};

export type Outcome = {
  readonly granted: number;
  readonly denied: number;
  readonly unanswered: number;
  /** The most seats that were ever held at once. */
  readonly mostSeats: number;
  /** Of a machine's whole wait, its own retries after a 503 included. Milliseconds. */
  readonly checkout: Percentiles;
  readonly heartbeat: Percentiles;
  readonly busyAnswers: number;
  readonly transactions: number;
  readonly aborts: number;
  readonly abortRate: number;
  readonly retries: number;
  readonly longestQueue: number;
  readonly longestQueueOf: string;
  readonly reads: number;
  readonly writes: number;
  /** When the last machine had its answer. */
  readonly settledMs: number;
};

export type Percentiles = { readonly p50: number; readonly p99: number; readonly most: number };

/** Runs the service's own operations, many at once, on the simulated store. */
export async function runStorm(storm: Storm): Promise<Outcome> {
  const clock = createClock();
  const chance = createChance(storm.seed);
  const firestore = createFirestore(clock, chance, storm.limits);
  const { store, retries } = simulatedStore(firestore, clock, chance);
  const deps = depsOver(store, clock.now, chance, storm);
  const pool = seed(firestore, deps, storm);

  const waits: number[] = [];
  const beats: number[] = [];
  let granted = 0;
  let denied = 0;
  let busyAnswers = 0;
  let settledMs = 0;

  const patiently = async <R>(run: () => Promise<R>): Promise<R> => {
    for (let pause = RETRY_MS; ; pause = Math.min(RETRY_MOST_MS, pause * 2)) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        busyAnswers += 1;
        await clock.wait(pause * (0.5 + chance.uniform()));
      }
    }
  };
  const beat = async (licenseKey: string, machineFingerprint: string, token: string) => {
    const from = clock.now();
    const seen = await patiently(() => heartbeat(deps, { licenseKey, machineFingerprint, token }));
    if (!seen.ok) throw new Error(`A seated machine was refused: ${seen.code}`);
    beats.push(clock.now() - from);
  };
  const checkOut = async (name: string) => {
    const from = clock.now();
    const machineFingerprint = `fp-${name}`;
    const machine = { licenseKey: HOT_KEY, machineFingerprint };
    const ask = { ...machine, hostname: name, productId: "prod_tools" };
    const answer = await patiently(() => activate(deps, ask));
    waits.push(clock.now() - from);
    settledMs = clock.now();
    if (!answer.ok) {
      if (answer.code !== "SEAT_LIMIT_REACHED") throw new Error(`Refused: ${answer.code}`);
      denied += 1;
      return;
    }
    granted += 1;
    while (clock.now() + HEARTBEAT_MS <= storm.arrivalMs) {
      await clock.wait(HEARTBEAT_MS);
      await beat(HOT_KEY, machineFingerprint, answer.token);
    }
  };

  for (let machine = 0; machine < storm.machines; machine++) {
    clock.after(chance.uniform() * storm.arrivalMs, () => void checkOut(`m${machine}`));
  }
  for (const { licenseKey, machineFingerprint } of pool) {
    const token = tokenOf({ licenseKey, machineFingerprint, productId: "prod_tools" });
    clock.after(chance.uniform() * storm.arrivalMs, () => {
      void beat(licenseKey, machineFingerprint, token);
    });
  }
  await clock.runUntil(storm.endMs);

  const { counters } = firestore;
  return {
    granted,
    denied,
    unanswered: storm.machines - granted - denied,
    mostSeats: seatsHeld(firestore, deps),
    checkout: percentiles(waits),
    heartbeat: percentiles(beats),
    busyAnswers,
    transactions: counters.commits,
    aborts: counters.aborts,
    abortRate: counters.aborts / Math.max(1, counters.aborts + counters.commits),
    retries: retries(),
    longestQueue: counters.longestQueue,
    longestQueueOf: counters.longestQueueOf,
    reads: counters.reads,
    writes: counters.writes,
    settledMs,
  };
}

const tokenOf = (claims: object) => JSON.stringify(claims);

/** What the operations reach; a token costs no time here, as it takes no store. */
function depsOver(
  store: Deps["store"],
  sinceStart: () => number,
  chance: Chance,
  { inShards }: Storm,
): Deps {
  const now = () => NOW + sinceStart();
  let drawn = 0;
  const deps: Pick<Deps, "store" | "once" | "now" | "newId" | "randomBytes" | "vault"> &
    Pick<Deps, "usage" | "seatPools" | "subscribed" | "settings" | "caller" | "aside"> & {
      keyring: Pick<Deps["keyring"], "issue" | "read">;
    } = {
    store,
    once: (body) => store.transaction(body),
    now,
    newId: () => `5f0c2c1e-0a1b-4c3d-8e5f-${String(++drawn).padStart(12, "0")}`,
    vault: createVault({
      pepper: new Uint8Array(32).fill(1),
      encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
    }),
    keyring: {
      issue: async (claims) => tokenOf(claims),
      read: async (token) => ({
        state: "valid",
        claims: JSON.parse(token),
        expiresAt: now() + MINUTE_MS,
      }),
    },
    randomBytes: (size) => Uint8Array.from({ length: size }, () => chance.uniform() * 256),
    seatPools: createSeatPools({ now }),
    usage: { count: () => {}, flush: async () => {} },
    subscribed: async () => false,
    settings: { ...settings, seatShardsFrom: inShards ? settings.seatShardsFrom : 0 },
    caller: { address: "", network: "", country: null },
    aside: (work) => void work(),
  };
  return deps as Deps;
}

/** The hot pool, empty, and as many seated machines in other pools as send heartbeats. */
function seed(firestore: Firestore, deps: Deps, storm: Storm) {
  const changes: Change[] = [];
  const addPool = (number: number, licenseKey: string, terms: Partial<License>) => {
    const record = license({
      keyHash: keyHashOf(deps, licenseKey),
      id: `5f0c2c1e-0a1b-4c3d-8e5f-1${String(number).padStart(11, "0")}`,
      licenseType: "floating",
      ...terms,
    });
    changes.push({ collection: licenses, id: record.keyHash, record });
    return record;
  };
  addPool(0, HOT_KEY, { maxConcurrent: storm.seats });
  const machines: { licenseKey: string; machineFingerprint: string }[] = [];
  for (let number = 1; machines.length < storm.heartbeats; number++) {
    const licenseKey = `33333-33333-33333-33333-${String(33_333 + number)}`;
    const seats = Math.min(OTHER_POOL_SEATS, storm.heartbeats - machines.length);
    const held = addPool(number, licenseKey, { maxConcurrent: seats, seatsUsed: seats });
    for (let seat = 0; seat < seats; seat++) {
      const machineFingerprint = `fp-${number}-${seat}`;
      const record = activation({
        id: activationIdOf(held, machineFingerprint),
        licenseId: held.id,
        fingerprint: machineFingerprint,
        seatExpiresAt: NOW + settings.seatTtlMs,
      });
      changes.push({ collection: activations, id: record.id, record });
      machines.push({ licenseKey, machineFingerprint });
    }
  }
  firestore.seed(changes);
  return machines;
}

/** Nobody leaves, so the seats at the end are the most there ever were. */
function seatsHeld(firestore: Firestore, deps: Deps): number {
  const hot = firestore.documents(licenses).get(keyOf(licenses, keyHashOf(deps, HOT_KEY)));
  const { id } = hot as { id: string };
  const held = [...firestore.documents(activations).values()] as { licenseId: string }[];
  return held.filter(({ licenseId }) => licenseId === id).length;
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}
