import type { ServerProcess } from "./server-process.ts";
import { type Json, machine } from "./world.ts";

type Step = {
  readonly name: "createLicense" | "activate" | "heartbeat" | "deactivate";
  readonly machine: string;
};

/** What one license must look like, told from the answers alone. */
export type Expected = {
  readonly email: string;
  readonly licenseKey: string;
  readonly machines: ReadonlySet<string>;
  /** The ends of seats that heartbeats named, in epoch milliseconds, by machine. */
  readonly seatEnds: ReadonlyMap<string, number>;
};

/** Asks one thing after the other, so that at most one of its requests is in doubt. */
export type Customer = {
  readonly name: string;
  /** Its licenses; the last one is being worked on. */
  readonly licenses: readonly Expected[];
  /** The request that was sent and not answered: done or not done, nothing between. */
  readonly inDoubt: () => Step | undefined;
  /** Goes on until a request gets no answer; fails the test when one is refused. */
  readonly run: () => Promise<void>;
};

const STEPS = [
  "createLicense",
  "activate a",
  "activate b",
  "heartbeat a",
  "deactivate a",
  "activate c",
  "heartbeat b",
  "activate a",
  "heartbeat b",
  "deactivate c",
].map((step) => {
  const [name, machine = ""] = step.split(" ");
  return { name, machine } as Step;
});

export const emailOf = (customer: string, license: number) => `${customer}-${license}@example.com`;

export function newCustomer(ask: {
  server: ServerProcess;
  name: string;
  terms: Json & { productId: string };
  answered: () => void;
}): Customer {
  const { server, terms } = ask;
  const licenses: Expected[] = [];
  const tokens = new Map<string, unknown>();
  let inDoubt: Step | undefined;

  const send = (step: Step) => {
    if (step.name === "createLicense") {
      const headers = { "x-admin-secret": server.adminSecret };
      const email = emailOf(ask.name, licenses.length);
      return server.call(step.name, { email, ...terms }, { headers });
    }
    const licenseKey = licenses.at(-1)?.licenseKey ?? "";
    const asked = machine(licenseKey, step.machine, terms.productId);
    return server.call(step.name, { ...asked, token: tokens.get(step.machine) });
  };

  const learn = (step: Step, body: Json): void => {
    if (step.name === "createLicense") {
      const email = emailOf(ask.name, licenses.length);
      const licenseKey = String(body["licenseKey"]);
      licenses.push({ email, licenseKey, machines: new Set(), seatEnds: new Map() });
      return;
    }
    if (step.name === "activate") tokens.set(step.machine, body["token"]);
    const license = licenses.pop() as Expected;
    const seatEnds = new Map(license.seatEnds);
    if (step.name === "heartbeat") {
      seatEnds.set(step.machine, Date.parse(String(body["expiresAt"])));
    } else seatEnds.delete(step.machine);
    licenses.push({ ...license, machines: after(license.machines, step), seatEnds });
  };

  return {
    name: ask.name,
    licenses,
    inDoubt: () => inDoubt,
    run: async () => {
      for (let turn = 0; ; turn++) {
        const step = STEPS[turn % STEPS.length] as Step;
        inDoubt = step;
        const reply = await send(step).catch(() => undefined);
        if (!reply) return;
        expect(reply).toMatchObject({ status: 200 });
        learn(step, reply.body);
        inDoubt = undefined;
        ask.answered();
      }
    },
  };
}

/** The license's machines once the step is done. */
export function after(machines: ReadonlySet<string>, step: Step | undefined): Set<string> {
  const changed = new Set(machines);
  if (step?.name === "activate") changed.add(step.machine);
  if (step?.name === "deactivate") changed.delete(step.machine);
  return changed;
}
