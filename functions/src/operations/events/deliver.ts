import type { Delivery, WebhookEndpoint } from "../../core/webhooks.ts";
import { deliveries, webhookEndpoints } from "../../store/collections.ts";
import { type AttemptDeps, amend, attempt, claim, drop, NO_SUCH_EVENT, record } from "./attempt.ts";
import { fanOut, fanOutOne, isOrdered, type Job, LEASE_MS } from "./fan-out.ts";
import { claimInTurn, nextInTurn } from "./in-turn.ts";

export type DelivererDeps = AttemptDeps & { readonly pause: (ms: number) => Promise<unknown> };

/** What one endpoint is given at a time: it can only hold up itself. */
type Lane = {
  readonly queue: Job[];
  readonly running: Set<Promise<void>>;
  failuresInRow: number;
  /** Until then it counts as dead. */
  deadUntil: number;
  /** It had no room for long; deliveries are put off instead of waiting for it. */
  slow: boolean;
  putOff: number;
  /** It asked for no more. */
  gone: boolean;
};

export type Deliverer = {
  /** Starts what is due, batch by batch, without waiting for answers. */
  readonly round: (limits: {
    maxBatches: number;
    until?: number;
  }) => Promise<{ events: number; due: number }>;
  /** The same for one event that was just written. */
  readonly take: (eventId: string) => Promise<void>;
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>;
};

const BATCH = 100;
const PARALLEL = 4;
/** With those under way it is done within the lease, however slow the endpoint. */
const QUEUED = 12;
const FAILURES_OF_THE_DEAD = 3;
const DEAD_MS = 5_000;
const ROOM_WAIT_MS = 250;
const PUT_OFF_MS = 15_000;
const LONGEST_PUT_OFF_MS = 3_600_000;
/** An attempt that begins later might outlast its lease. */
const FRESH_MS = LEASE_MS - 15_000;

export function createDeliverer(deps: DelivererDeps): Deliverer {
  const lanes = new Map<string, Lane>();
  const underWay = new Set<Promise<void>>();

  const laneOf = (endpointId: string): Lane => {
    const known = lanes.get(endpointId);
    if (known) return known;
    const lane = newLane();
    lanes.set(endpointId, lane);
    return lane;
  };
  const isDead = (lane: Lane) => lane.deadUntil > deps.now();
  const roomOf = (lane: Lane) => PARALLEL + QUEUED - lane.running.size - lane.queue.length;

  function enqueue(job: Job): void {
    const lane = laneOf(job.endpoint.id);
    lane.queue.push(job);
    pump(job.endpoint.id, lane);
  }

  function pump(endpointId: string, lane: Lane): void {
    while (lane.running.size < PARALLEL) {
      const job = lane.queue.shift();
      if (!job) break;
      const work: Promise<void> = perform(lane, job)
        .catch(deps.failed)
        .finally(() => {
          lane.running.delete(work);
          underWay.delete(work);
          pump(endpointId, lane);
        });
      lane.running.add(work);
      underWay.add(work);
    }
    if (lane.running.size === 0 && !isDead(lane)) lanes.delete(endpointId);
  }

  async function perform(lane: Lane, job: Job): Promise<void> {
    const { delivery } = job;
    const claimedAt = (delivery.dueAt ?? 0) - LEASE_MS;
    if (lane.gone) await drop(deps, delivery);
    else if (isDead(lane)) {
      const error = `not sent: ${FAILURES_OF_THE_DEAD} others just failed`;
      await record(deps, job, { status: null, error, durationMs: null });
    } else if (deps.now() > claimedAt + FRESH_MS) {
      await amend(deps, delivery, { attempts: delivery.attempts - 1, dueAt: deps.now() });
      return;
    } else {
      const outcome = await attempt(deps, job);
      if (outcome === "unknown event") {
        await drop(deps, delivery, NO_SUCH_EVENT);
      } else {
        note(lane, outcome.error === null);
        const { gone } = await record(deps, job, outcome);
        lane.gone ||= gone;
      }
    }
    if (!isOrdered(job)) return;
    const next = await nextInTurn(deps, job);
    if (next) enqueue({ ...job, delivery: next });
  }

  function note(lane: Lane, succeeded: boolean): void {
    lane.failuresInRow = succeeded ? 0 : lane.failuresInRow + 1;
    if (lane.failuresInRow >= FAILURES_OF_THE_DEAD) lane.deadUntil = deps.now() + DEAD_MS;
    else if (succeeded) lane.deadUntil = 0;
  }

  /** Claims what the endpoint has room for, and puts off what it has none for. */
  async function admit(endpoint: WebhookEndpoint, due: readonly Delivery[]): Promise<void> {
    const left = [...due];
    while (left.length > 0) {
      const lane = laneOf(endpoint.id);
      const room = isDead(lane) ? left.length : roomOf(lane);
      if (room > 0) {
        lane.slow = false;
        lane.putOff = 0;
        const taken = await Promise.all(
          left.splice(0, room).map((delivery) => claimFor({ endpoint, delivery })),
        );
        for (const delivery of taken) if (delivery) enqueue({ endpoint, delivery });
      } else if (lane.slow) {
        const delivery = left.shift();
        if (delivery) await putOff(lane, delivery);
      } else {
        lane.slow = !(await roomIn(lane));
      }
    }
  }

  /** Whether the lane had room before long. */
  async function roomIn(lane: Lane): Promise<boolean> {
    let late = false;
    const tooLong = deps.pause(ROOM_WAIT_MS).then(() => {
      late = true;
    });
    while (!late && roomOf(lane) <= 0 && !isDead(lane)) {
      await Promise.race([...lane.running, tooLong]);
    }
    return roomOf(lane) > 0 || isDead(lane);
  }

  const claimFor = (job: Job) =>
    isOrdered(job) ? claimInTurn(deps, job.delivery) : claim(deps, job.delivery.id);

  /** Spread out, so that a long queue is not read again and again. */
  function putOff(lane: Lane, delivery: Delivery): Promise<void> {
    const steps = 1 + Math.floor(lane.putOff / (PARALLEL + QUEUED));
    lane.putOff += 1;
    const wait = Math.min(PUT_OFF_MS * steps, LONGEST_PUT_OFF_MS);
    return amend(deps, delivery, { dueAt: deps.now() + wait });
  }

  async function startDue(): Promise<number> {
    const now = deps.now();
    const { items } = await deps.store.query(deliveries, "due", {
      range: { lte: now },
      limit: BATCH,
    });
    const byEndpoint = Map.groupBy(items, ({ endpointId }) => endpointId);
    const endpoints = await deps.store.getMany(webhookEndpoints, [...byEndpoint.keys()]);
    await Promise.all(
      [...byEndpoint.values()].map(async (due, index) => {
        const endpoint = endpoints[index];
        if (endpoint?.enabled) await admit(endpoint, due);
        else await Promise.all(due.map((delivery) => drop(deps, delivery)));
      }),
    );
    return items.length;
  }

  /** For one fan-out, which does not fill a lane beyond its room. */
  const fanOutDeps = () => {
    const given = new Map<string, number>();
    const atOnce = ({ id }: WebhookEndpoint) => {
      const lane = lanes.get(id);
      const already = given.get(id) ?? 0;
      if (lane && (isDead(lane) || roomOf(lane) <= already)) return false;
      if (already >= PARALLEL + QUEUED) return false;
      given.set(id, already + 1);
      return true;
    };
    return { store: deps.store, now: deps.now, atOnce };
  };
  const isClaimed = ({ delivery }: Job) => delivery.attempts > 0;

  return {
    async round({ maxBatches, until = Number.POSITIVE_INFINITY }) {
      const total = { events: 0, due: 0 };
      for (let batch = 0; batch < maxBatches && deps.now() < until; batch++) {
        const { events, jobs } = await fanOut(fanOutDeps(), { maxEvents: BATCH });
        jobs.filter(isClaimed).forEach(enqueue);
        const due = await startDue();
        total.events += events;
        total.due += due;
        if (events + due === 0) break;
      }
      return total;
    },
    async take(eventId) {
      const jobs = await fanOutOne(fanOutDeps(), eventId);
      jobs.filter(isClaimed).forEach(enqueue);
      const others = jobs.filter((job) => !isClaimed(job));
      await Promise.all(others.map(({ endpoint, delivery }) => admit(endpoint, [delivery])));
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const newLane = (): Lane => ({
  queue: [],
  running: new Set(),
  failuresInRow: 0,
  deadUntil: 0,
  slow: false,
  putOff: 0,
  gone: false,
});
