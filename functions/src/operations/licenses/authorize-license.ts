import {
  type AuthorizationDecision,
  type Authorized,
  decideAuthorization,
} from "../../core/authorize.ts";
import { type Decision, refuse } from "../../core/decision.ts";
import { denialOf } from "../../core/denials.ts";
import { authorizationEvent } from "../../core/events.ts";
import { policyOf } from "../../core/policies.ts";
import type { License, Product } from "../../core/records.ts";
import { sha256Hex } from "../../crypto/signatures.ts";
import { licenses, nonces, products } from "../../store/collections.ts";
import { StoreUnavailableError, type Transaction } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import { findBlacklisted } from "../blacklists/find-blacklisted.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Budget } from "../rate-budgets/take-request.ts";
import { countAuthorization, counted, countFirstUse } from "../stats/usage-counters.ts";
import { countMachines } from "./count-machines.ts";
import { type Nonce, nonceOf, onceOnly } from "./nonces.ts";

/** Only others who switch the same limit at the same time can make more than two necessary. */
const MAX_TRIES = 5;
/** As what an address counts whose country nobody knows. */
const NO_COUNTRY = "ZZ";
const MINUTE_MS = 60_000;

export type AuthorizeAsk = {
  /** The product of the API key. */
  readonly productId: string;
  readonly licenseKey: string;
  readonly hwid?: string | undefined;
  /** Left out: the caller's own. */
  readonly ip?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Decides the same and writes nothing. */
  readonly dryRun: boolean;
  /** Left out where it was used up already. */
  readonly nonce?: Nonce | undefined;
};

/** `budget` is what the license's minute has left; left out where it was not counted. */
export type AuthorizationAnswer = {
  readonly decision: Decision<Authorized>;
  readonly budget?: Budget;
};

/**
 * Whether an app may use the license so, and binds its device, address and session to it: in one
 * transaction with the nonce of the request.
 */
export async function authorizeLicense(
  deps: Deps,
  ask: AuthorizeAsk,
): Promise<AuthorizationAnswer> {
  const product = await deps.store.get(products, ask.productId);
  if (!product) return { decision: refuse("PRODUCT_NOT_FOUND") };
  const attempt = await prepare(deps, product, ask);
  let countedIn: number | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const outcome = await onceOnly(() => attempt.run(countedIn));
    if (!("countFirst" in outcome)) {
      const isRepeat = !outcome.ok && outcome.code === "NONCE_REPLAYED";
      if (ask.dryRun || isRepeat) return { decision: outcome };
      count(deps, product, outcome);
      return { decision: counted(deps, attempt.met(), outcome), ...attempt.budget() };
    }
    countedIn = await countMachines(deps, attempt.keyHash);
  }
  throw new StoreUnavailableError("The license's limit is being switched by others.");
}

function count(
  deps: Deps,
  { id: productId, accountId }: Product,
  outcome: Decision<Authorized>,
): void {
  const reason = outcome.ok ? null : denialOf(outcome)?.reasonCode;
  if (reason !== undefined) countAuthorization(deps, { productId, accountId }, reason);
  if (outcome.ok && outcome.wasActivated) countFirstUse(deps, outcome.license);
}

type Decided = Decision<Authorized> | Extract<AuthorizationDecision, { countFirst: true }>;

async function prepare(deps: Deps, product: Product, ask: AuthorizeAsk) {
  const { dryRun } = ask;
  const now = deps.now();
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const nonce = ask.nonce && nonceOf(ask.nonce, now);
  const perMinute = deps.settings.geckoguardPerMinute.licenseKey;
  const who = whoOf(deps, ask);
  const { text: address } = who.address;
  const blacklisted = await findBlacklisted(deps.store, product, { hwid: ask.hwid, address });
  const tell = await teller(deps, product, ask);
  let met: License | undefined;
  let left: License | undefined;
  const run = (countedIn: number | undefined) =>
    deps.once(async (tx): Promise<Decided> => {
      const found = await tx.get(licenses, keyHash);
      if (dryRun && nonce && (await tx.get(nonces, nonce.id))) return refuse("NONCE_REPLAYED");
      met = found?.accountId === product.accountId ? found : undefined;
      const outcome = decideAuthorization({
        ...who,
        license: met,
        productId: product.id,
        policy: policyOf(product.defaultPolicy, met?.policyOverride ?? null),
        blacklisted,
        perMinute,
        dryRun,
        countedIn,
        now,
      });
      if ("countFirst" in outcome) return outcome;
      const { changed, ...decision } = outcome;
      left = changed;
      if (dryRun) return decision;
      if (nonce) tx.create(nonces, nonce);
      if (changed) tx.set(licenses, changed);
      const license = changed ?? met;
      if (license) tell(tx, license, decision);
      return decision;
    });
  const budget = (): { budget?: Budget } => {
    const minute = (left ?? met)?.authorization?.minute;
    if (!minute || perMinute === 0) return {};
    const remaining = Math.max(0, perMinute - minute.count);
    return { budget: { perMinute, remaining, endsAt: minute.startedAt + MINUTE_MS } };
  };
  return { keyHash, run, met: () => met, budget };
}

/** Who asks, as the license remembers them. */
function whoOf(deps: Deps, { hwid, ip, deviceId, sessionId }: AuthorizeAsk) {
  const { address: caller, country } = deps.caller;
  const text = ip ?? caller;
  const region = (text === caller ? country : null) ?? NO_COUNTRY;
  const hwidHash = hwid === undefined ? null : hashed(hwid);
  const session =
    sessionId === undefined
      ? null
      : { id: deps.newId(), sessionId, deviceId: deviceId ?? null, ip: text, hwidHash };
  const address = { text, valueHash: hashed(text), region };
  return { hwidHash, address, session };
}

const hashed = (text: string): string => sha256Hex(new TextEncoder().encode(text));

/** Tells of a decision where somebody wants to hear of it. */
async function teller(deps: Deps, product: Product, { dryRun }: AuthorizeAsk) {
  const { id: productId, accountId } = product;
  const wanted = async (...types: Parameters<typeof deps.subscribed>[1]["type"][]) => {
    if (dryRun) return false;
    const asked = types.map((type) => deps.subscribed(accountId, { type, productId }));
    return (await Promise.all(asked)).includes(true);
  };
  const grants = await wanted("license.authorized");
  // One event tells of both: who listens for expiries hears of attempts past them.
  const denials = await wanted("license.authorization_denied", "license.expired");
  const announce = announcer(deps);
  return (tx: Transaction, license: License, decision: Decision<Authorized>) => {
    const event = authorizationEvent(license, decision);
    if (event && (decision.ok ? grants : denials)) announce(tx, { ...event, productId });
  };
}
