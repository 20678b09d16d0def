type Scheduled = {
  readonly run: (event: { jobName: string; scheduleTime: string }) => unknown;
  readonly __endpoint: { readonly scheduleTrigger: { readonly schedule: string } };
};

const FORM = /^every ([1-9]\d*) (minutes|hours)$/;
const UNIT_MS = { minutes: 60_000, hours: 3_600_000 } as const;

export const isScheduled = (exported: unknown): exported is Scheduled =>
  typeof exported === "function" &&
  typeof (exported as Partial<Scheduled>).__endpoint?.scheduleTrigger?.schedule === "string";

/** Whether a function runs when something is written, and not when somebody asks. */
export const isTriggered = (exported: unknown): boolean =>
  typeof exported === "function" &&
  (exported as { __endpoint?: { eventTrigger?: unknown } }).__endpoint?.eventTrigger !== undefined;

/** How often a schedule runs; only the forms our functions use are understood. */
export function intervalMs(schedule: string): number {
  const match = FORM.exec(schedule);
  if (!match) throw new Error(`The local server does not understand the schedule "${schedule}".`);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** Runs each function at its interval; a run that takes longer is not joined by a second. */
export function startSchedules(
  functions: ReadonlyMap<string, Scheduled>,
  failed: (name: string, error: unknown) => void,
): { stop: () => Promise<void> } {
  const running = new Map<string, Promise<void>>();
  const timers = [...functions].map(([name, scheduled]) =>
    setInterval(() => {
      if (running.has(name)) return;
      const event = { jobName: name, scheduleTime: new Date().toISOString() };
      const run = Promise.resolve()
        .then(() => scheduled.run(event))
        .catch((error: unknown) => failed(name, error))
        .then(() => void running.delete(name));
      running.set(name, run);
    }, intervalMs(scheduled.__endpoint.scheduleTrigger.schedule)),
  );
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running.values());
    },
  };
}
