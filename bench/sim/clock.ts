/** A run of events in virtual time: nothing sleeps, and the same seed gives the same run. */
export type Clock = {
  /** Milliseconds since the run began. */
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => void;
  readonly wait: (ms: number) => Promise<void>;
  /** Runs until nothing is left to happen, or until that time. */
  readonly runUntil: (end: number) => Promise<void>;
};

type Event = { readonly at: number; readonly order: number; readonly run: () => void };

const isBefore = (one: Event, other: Event) =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

export function createClock(): Clock {
  const heap: Event[] = [];
  let time = 0;
  let order = 0;

  const push = (event: Event) => {
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  };
  const pop = (): Event => {
    const first = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) {
        child += 1;
      }
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  };
  const after: Clock["after"] = (ms, run) => {
    order += 1;
    push({ at: time + ms, order, run });
  };
  return {
    now: () => time,
    after,
    wait: (ms) => new Promise((resolve) => after(ms, resolve)),
    async runUntil(end) {
      for (let next = heap[0]; next && next.at <= end; next = heap[0]) {
        time = next.at;
        pop().run();
        // Whatever that set going runs until it waits for the clock again.
        await new Promise(setImmediate);
      }
    },
  };
}

export type Chance = {
  /** From 0 to 1. */
  readonly uniform: () => number;
  /** Of a log-normal distribution. */
  readonly latency: (shape: Latency) => number;
};

/** Milliseconds. */
export type Latency = { readonly median: number; readonly p99: number };

const Z99 = 2.326;

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  // mulberry32
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    latency: ({ median, p99 }) => {
      const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      return median * Math.exp((normal * Math.log(p99 / median)) / Z99);
    },
  };
}
