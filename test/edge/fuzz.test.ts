import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nativeRefusals } from "../../functions/src/http/native-surface.ts";
import { Problem } from "../../functions/src/http/problem.ts";
import type { Surface } from "../../functions/src/http/surface.ts";
import { collections } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import {
  BOOTSTRAP_TOKEN,
  type Heard,
  type Request,
  requestsTo,
  sendTo,
  type Target,
  targets,
} from "../support/fuzz/requests.ts";
import { type Seed, seed } from "../support/fuzz/seed.ts";
import { type Difference, Snapshot } from "../support/fuzz/snapshot.ts";
import { UNLIMITED } from "../support/geckoguard.ts";
import {
  ADMIN_SECRET,
  endpoints,
  type Json,
  MINUTE,
  openWorld,
  type World,
} from "../support/world.ts";

/** More of them, and others: `FUZZ_RUNS=2000 FUZZ_SEED=7 jest test/edge/fuzz.test.ts`. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 40);
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_121);
const ANSWER_WITHIN_MS = 5_000;

type Note = { why: string; fields?: readonly string[]; types?: readonly string[] };

/** What a refused request may leave: collection, and the fields or types where it is not any document. */
const NOTES: Readonly<Record<string, Note>> = {
  idempotencyRecords: { why: "a refusal is remembered for its Idempotency-Key" },
  rateBudgets: { why: "a request counts against its caller's budget, refused or not" },
  apiKeys: { why: "a key was used, although for something it may not do", fields: ["lastUsedAt"] },
  licenses: {
    why: "guessing at machines is counted, and machines turned away are watched",
    fields: ["attempts", "watch"],
  },
  activations: { why: "attempts, on a license without slots", fields: ["attempts"] },
  outbox: {
    why: "a machine turned away is told of",
    types: ["license.seat_limit_reached", "license.authorization_denied"],
  },
  loginFailures: { why: "a wrong password is counted" },
  nonces: { why: "a signed request is good for once, whatever came of it" },
};

let directory: string;
let world: World;
let seeded: Seed;
let snapshot: Snapshot;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "latchkey-fuzz-"));
  const path = join(directory, "store.sqlite");
  const store = openSqliteStore({ path, collections, synchronous: "NORMAL" });
  const settings = { codegateRequestsPerMinute: 0, geckoguardPerMinute: UNLIMITED };
  world = await openWorld({ store, settings, bootstrapToken: BOOTSTRAP_TOKEN });
  seeded = await seed(world);
  await world.settled();
  snapshot = new Snapshot(path);
});
afterAll(async () => {
  snapshot.close();
  await world.close();
  rmSync(directory, { recursive: true });
});

// A token of a quarter of an hour is good for all targets.
let startedAt: number;
beforeAll(() => {
  // In the second of the seed a refreshed token would be the seed's own.
  startedAt = world.clock.now() + 1_000;
});
beforeEach(() => world.clock.advance(startedAt - world.clock.now()));

const statuses = new Map<string, number[]>();

describe.each(targets.map((target) => [target.name, target] as const))("%s", (name, target) => {
  test(
    "answers whatever it is sent, within time and its own words, and leaves what it refuses",
    async () => {
      const heard: number[] = [];
      statuses.set(name, heard);
      await fc.assert(
        fc.asyncProperty(requestsTo(target, seeded, world.clock.now), async (asked) => {
          heard.push(await guaranteed(target, asked));
        }),
        { numRuns: RUNS, seed: SEED },
      );
    },
    Math.max(30_000, RUNS * 100),
  );
});

async function guaranteed(target: Target, asked: Request): Promise<number> {
  world.logs.length = 0;
  let differences: Difference[] = [];
  try {
    const headers = { "x-forwarded-for": nextAddress(), ...asked.headers };
    const heard = await sendTo(world.url, { ...asked, headers }, ANSWER_WITHIN_MS);
    if (heard.status === 431) return expectTooLong(asked);
    await world.settled();
    differences = snapshot.differences();
    expect(heard.status).toBeLessThan(500);
    expect(world.logs.filter(({ severity }) => severity !== "INFO")).toEqual([]);
    if (heard.status >= 400) {
      expectEnvelope(target, asked, heard);
      expect(differences.filter((difference) => !isNote(difference))).toEqual([]);
    }
    expectDeclared(target, heard);
    expectNothingTold(target, asked, heard);
    return heard.status;
  } finally {
    snapshot.restore(differences);
    world.clock.advance(MINUTE / 200);
  }
}

let sent = 0;
/** Another one each time: an address that fails so often would have to wait. */
function nextAddress(): string {
  sent += 1;
  return `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
}

/** Node turns a longer head away before there is a request. */
function expectTooLong({ path, query, headers }: Request): number {
  expect(path.length + query.length + JSON.stringify(headers).length).toBeGreaterThan(12_000);
  return 431;
}

const bodyOf = ({ headers, text }: Heard): Json =>
  text && headers["content-type"]?.startsWith("application/json") ? JSON.parse(text) : {};

/** A problem as each of the surfaces words it: the fields, and of what type they are. */
function envelope(surface: Surface): Json {
  const { body } = surface.problem(new Problem("INVALID_REQUEST", "words"), "id");
  return Object.fromEntries(
    Object.entries(body as Json).map(([field, value]) => [
      field,
      typeof value === "boolean" ? value : expect.any(Object(value).constructor),
    ]),
  );
}

/** Where a denial is an answer of its own shape. */
const DENIES = ["/v1/licenses/authorize", "/v1/enduser/licenses/verify"];

function expectEnvelope({ surfaces, path }: Target, asked: Request, heard: Heard) {
  if (asked.method === "HEAD") return;
  expect(heard.headers["content-type"]).toMatch(/^application\/json/);
  // A path that is no longer the target's may be another's of the same function.
  const body = bodyOf(heard);
  if (DENIES.includes(path) && "allow" in body) {
    const words = { reasonCode: expect.any(String), message: expect.any(String) };
    expect(body).toEqual(expect.objectContaining({ ok: false, allow: false, ...words }));
    return;
  }
  const fitting = surfaces.filter((surface) => {
    const shape = envelope(surface);
    return Object.keys(shape).every((field) => field in body);
  });
  const [own = surfaces[0]] = asked.path.startsWith(path) ? [] : fitting;
  expect(body).toEqual(expect.objectContaining(envelope(own as Surface)));
}

/** What OpenAPI says of a function's refusals is all there is. */
function expectDeclared({ name }: Target, heard: Heard) {
  const spec = endpoints.get(name);
  const { code } = bodyOf(heard);
  const refused = heard.status >= 400 && Object.hasOwn(nativeRefusals, String(code));
  if (spec && refused) expect(spec.refusals).toContain(code);
}

function isNote({ collection, before, after }: Difference): boolean {
  const note = NOTES[collection];
  if (!note) return false;
  if (note.types)
    return before === undefined && note.types.includes(JSON.parse(after ?? "{}").type);
  if (!note.fields) return true;
  if (before === undefined || after === undefined) return false;
  const [was, is] = [JSON.parse(before) as Json, JSON.parse(after) as Json];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].every(
    (field) =>
      note.fields?.includes(field) || JSON.stringify(was[field]) === JSON.stringify(is[field]),
  );
}

/** Nobody hears a secret they did not send, but who may; and no log line has one. */
function expectNothingTold({ provider }: Target, { asker, ...asked }: Request, heard: Heard) {
  const sent = `${decoded(asked.path)} ${decoded(asked.query)} ${asked.body ?? ""}`;
  const told = heard.text + JSON.stringify(heard.headers);
  const secrets = seeded.tenants.flatMap((tenant) => {
    const { opening, people, shownOnce, keys } = tenant;
    const reaches = asker.tenant === tenant && asker.key !== keys.bound;
    const opens = [...opening].some((secret) => sent.includes(secret));
    const mayRead = asker.operator || provider || reaches || opens;
    return [...shownOnce, ...(mayRead ? [] : [...opening, ...people])];
  });
  secrets.push(ADMIN_SECRET, BOOTSTRAP_TOKEN);
  expect(secrets.filter((secret) => told.includes(secret) && !sent.includes(secret))).toEqual([]);
  const logged = JSON.stringify(world.logs);
  const all = seeded.tenants.flatMap((tenant) =>
    [tenant.opening, tenant.people, tenant.shownOnce].flatMap((some) => [...some]),
  );
  expect([ADMIN_SECRET, ...all].filter((secret) => logged.includes(secret))).toEqual([]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** What they are about is not in the seed: files, tokens from mails, second factors. */
const UNSEEDED = /product-files|verify-email|reset-password|totp|invites\/(?:preview|accept)/;

test("good requests get through to nearly every function", () => {
  const untouched = [...statuses]
    .filter(([, heard]) => heard.every((status) => status >= 300))
    .map(([name]) => name)
    .filter((name) => !UNSEEDED.test(name));
  const unlucky = Math.floor(statuses.size / 20);
  expect(untouched.slice(unlucky)).toEqual([]);
});
