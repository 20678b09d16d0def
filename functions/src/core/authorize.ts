import { NEVER_AUTHORIZED, type Room } from "./authorizations.ts";
import { type Address, bindAddress, bindDevice } from "./bindings.ts";
import { type Accepted, accept, type Refusal, refuse } from "./decision.ts";
import { activated, endedBy } from "./expiry.ts";
import { decideUpdate } from "./license-changes.ts";
import { coversProduct, statusAt } from "./licenses.ts";
import { type PolicyGroups, slotsOfPolicy } from "./policies.ts";
import type { License } from "./records.ts";
import { type NewSession, openSession } from "./sessions.ts";
import { countingStarted } from "./slots.ts";
import { isOpen } from "./windows.ts";

const MINUTE_MS = 60_000;

/** What stands on the product's blacklist of those who ask. */
export type Blacklisted = { readonly hwid?: Entry | undefined; readonly ip?: Entry | undefined };
type Entry = { readonly reason: string | null };

export type AuthorizationAsk = {
  /** Left out for a key that is unknown, or of somebody else. */
  readonly license: License | undefined;
  readonly productId: string;
  readonly policy: PolicyGroups;
  readonly hwidHash: string | null;
  readonly address: Address;
  readonly session: NewSession | null;
  readonly blacklisted: Blacklisted;
  /** Requests that the license answers in a minute; 0 is no limit. */
  readonly perMinute: number;
  readonly dryRun: boolean;
  /** The epoch in which the caller counted the license's machines. */
  readonly countedIn: number | undefined;
  readonly now: number;
};

export type Authorized = {
  readonly license: License;
  /** What is left after this call. */
  readonly remaining: { readonly hwid: Room; readonly ip: Room; readonly concurrency: Room };
  readonly wasActivated: boolean;
};

/** Nothing is decided before the license's machines are counted: its first limit is to be set. */
type CountFirst = { readonly countFirst: true };

/** `changed` is the license to write; it is left out where nothing changed. */
export type AuthorizationDecision =
  | ((Accepted<Authorized> | Refusal) & { readonly changed?: License })
  | CountFirst;

/**
 * Whether the license may be used so, now: the checks in the order of the reference, section 7.4,
 * from step 5 on. A refused request changes the license too, which counts it.
 */
export function decideAuthorization(ask: AuthorizationAsk): AuthorizationDecision {
  const { now, dryRun } = ask;
  if (!ask.license) return refuse("LICENSE_NOT_FOUND");
  const counted = dryRun ? accept({ license: ask.license }) : countRequest(ask.license, ask);
  if (!counted.ok) return counted;
  const refusal = standing(counted.license, ask);
  const license = refusal ? counted.license : withPolicySlots(counted.license, ask);
  if (!license) return { countFirst: true };
  const decision = refusal ?? bound(license, ask);
  if (!decision.ok) {
    return dryRun || license === ask.license ? decision : { ...decision, changed: license };
  }
  const used = activated(decision.license, now);
  const authorization = { ...(used.authorization ?? NEVER_AUTHORIZED), lastAuthorizedAt: now };
  const next = { ...used, authorization };
  const wasActivated = license.activatedAt === null;
  const granted = accept({ license: next, remaining: decision.remaining, wasActivated });
  return dryRun ? granted : { ...granted, changed: next };
}

function countRequest(license: License, ask: AuthorizationAsk): Accepted<Held> | Refusal {
  const { perMinute, now } = ask;
  if (perMinute === 0) return accept({ license });
  const authorization = license.authorization ?? NEVER_AUTHORIZED;
  const { minute } = authorization;
  const open = isOpen(minute.startedAt, MINUTE_MS, now);
  if (open && minute.count >= perMinute) {
    const left = minute.startedAt + MINUTE_MS - now;
    return refuse("RATE_LIMITED", { retryAfterSeconds: Math.ceil(left / 1000) });
  }
  const next = open ? { ...minute, count: minute.count + 1 } : { startedAt: now, count: 1 };
  return accept({ license: { ...license, authorization: { ...authorization, minute: next } } });
}

type Held = { readonly license: License };

function standing(license: License, ask: AuthorizationAsk): Refusal | undefined {
  const { blacklisted, now } = ask;
  if (!coversProduct(license, ask.productId)) return refuse("WRONG_PRODUCT");
  const status = statusAt(license, now);
  if (status === "revoked") return refuse("LICENSE_REVOKED");
  if (status === "suspended") return refuse("LICENSE_SUSPENDED");
  if (blacklisted.hwid) return blocked("HWID_BLACKLISTED", blacklisted.hwid);
  if (blacklisted.ip) return blocked("IP_BLACKLISTED", blacklisted.ip);
  const ended = endedBy(license, now);
  if (ended === "date") return refuse("LICENSE_EXPIRED");
  return ended === "days" ? refuse("LICENSE_EXPIRED_RELATIVE") : undefined;
}

const blocked = (code: "HWID_BLACKLISTED" | "IP_BLACKLISTED", { reason }: Entry): Refusal =>
  refuse(code, reason ? { why: reason } : {});

type Bound = Accepted<Pick<Authorized, "license" | "remaining">>;

function bound(license: License, ask: AuthorizationAsk): Bound | Refusal {
  const { policy, now } = ask;
  const device = bindDevice(license, policy.hwid, { valueHash: ask.hwidHash, now });
  if (!device.ok) return device;
  const before = device.license.authorization ?? NEVER_AUTHORIZED;
  const address = bindAddress(before.addresses, policy.ip, { address: ask.address, now });
  if (!address.ok) return address;
  const session = openSession(before.sessions, policy.concurrency, { asked: ask.session, now });
  if (!session.ok) return session;
  const { addresses } = address;
  const authorization = { ...before, addresses, sessions: session.sessions };
  return accept({
    license: { ...device.license, authorization },
    remaining: { hwid: device.room, ip: address.room, concurrency: session.room },
  });
}

/** The license with the slots that its policy gives it; `undefined` where its machines must be counted first. */
function withPolicySlots(license: License, ask: AuthorizationAsk): License | undefined {
  const maxMachines = slotsOfPolicy(ask.policy.hwid);
  if (!license.slotsByPolicy || license.maxMachines === maxMachines) return license;
  const update = { maxMachines };
  const { countedIn, now } = ask;
  const sized = decideUpdate({ license, update, countedIn, now });
  if (!sized.countFirst) return sized.license;
  // A dry run writes nothing, and so knows of no machines but the bound ones.
  return ask.dryRun ? { ...countingStarted(license), maxMachines, countAhead: false } : undefined;
}
