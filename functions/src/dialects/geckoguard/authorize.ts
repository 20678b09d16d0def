import * as z from "zod";
import type { Authorized } from "../../core/authorize.ts";
import type { Decision, Refusal } from "../../core/decision.ts";
import { denialOf } from "../../core/denials.ts";
import { fixedExpiryOf } from "../../core/expiry.ts";
import { sha256Hex } from "../../crypto/signatures.ts";
import { Problem } from "../../http/problem.ts";
import { jsonFields, parseFields } from "../../http/request.ts";
import type { Asked, Route } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { authorizeLicense } from "../../operations/licenses/authorize-license.ts";
import { burnNonce, type Nonce } from "../../operations/licenses/nonces.ts";
import { answered } from "./answered.ts";
import { admitKey, bindTo, type KeyCaller, requireScope } from "./authenticate.ts";
import { isoOrNull, text, uuid } from "./fields.ts";
import { signedNonce } from "./signing.ts";
import { geckoguardSurface } from "./surface.ts";

/** Null is as good as left out. */
export const optional = <T extends z.ZodType>(field: T) =>
  field.nullish().transform((value) => value ?? undefined);
export const named = (maxLength: number) => text(maxLength).min(1, "must not be empty");

const body = z.object({
  productId: uuid,
  licenseKey: named(128),
  hwid: optional(named(256)),
  ip: optional(z.union([z.ipv4(), z.ipv6()], "must be an IPv4 or IPv6 address")),
  deviceId: optional(named(128)),
  sessionId: optional(named(128)),
  dryRun: z
    .boolean("must be true or false")
    .nullish()
    .transform((value) => value ?? false),
});

type Request = z.output<typeof body>;

/** Whether an app may use a license. Its checks are in the order of the reference, section 7.4. */
export const authorize: Route = {
  method: "POST",
  path: "/v1/licenses/authorize",
  body,
  async handle(deps, asked) {
    const caller = await admitKey(deps, asked);
    const nonce = { keyId: caller.keyId, nonce: signedNonce(asked, deps.now()) };
    // What was answered already is told to a request that is fresh, and to no other.
    const repeats = asked.headers["idempotency-key"] !== undefined;
    if (repeats) await useUp(deps, nonce);
    const fresh = repeats ? undefined : nonce;
    await usedUpWhenTurnedAway(deps, fresh, () => requireScope(caller, "license:authorize"));
    return answered(deps, asked, caller.keyId, async (inner) => {
      const request = await usedUpWhenTurnedAway(inner, fresh, () => requestOf(caller, asked));
      return decide(inner, caller, { ...request, nonce: fresh });
    });
  },
};

function requestOf(caller: KeyCaller, asked: Asked): Request {
  const request = parseFields(body, jsonFields(asked.body));
  bindTo(caller, request.productId);
  return request;
}

async function decide(
  deps: Deps,
  { principal, limits }: KeyCaller,
  ask: Request & { readonly nonce: Nonce | undefined },
): Promise<Answer> {
  const owner = `${principal.accountId} ${sha256Hex(new TextEncoder().encode(ask.licenseKey))}`;
  if (ask.dryRun) await limits.take("licenseKey", owner);
  const { decision, budget } = await authorizeLicense(deps, ask);
  if (budget) limits.tell(budget);
  // A license that is there counts for itself.
  const isUnknown = !decision.ok && decision.code === "LICENSE_NOT_FOUND";
  if (isUnknown && !ask.dryRun) await limits.take("licenseKey", owner);
  return flat(decision);
}

/** The flat body of the reference, section 7.2. */
export const flat = (decision: Decision<Authorized>): Answer =>
  decision.ok ? granted(decision) : denied(decision);

const GRANTED = "Authorization granted";

function granted({ license, remaining }: Authorized): Answer {
  const { activatedAt, expiresAt, expiresAfterDays } = license;
  const answer = {
    ok: true,
    allow: true,
    reasonCode: "ALLOW",
    message: GRANTED,
    policy: { summary: GRANTED },
    limits: { remaining },
    activatedAt: isoOrNull(activatedAt),
    effectiveExpiresAt: isoOrNull(expiresAt),
    expiresAt: isoOrNull(fixedExpiryOf(license)),
    expiresAfterDays,
  };
  return { status: 200, body: answer };
}

function denied(refusal: Refusal): Answer {
  const denial = denialOf(refusal);
  if (!denial) return geckoguardSurface.refusal(refusal);
  const { code } = refusal;
  const answer = { ok: false, allow: false, ...denial };
  return code === "LICENSE_NOT_FOUND"
    ? { status: 404, body: { ...answer, error: denial.reasonCode }, code }
    : { status: 403, body: answer, code };
}

async function useUp(deps: Deps, nonce: Nonce): Promise<void> {
  const used = await burnNonce(deps, nonce);
  if (used.ok) return;
  throw new Problem("UNAUTHENTICATED", "Nonce has been used", { word: used.code });
}

/** The nonce is looked at before what `check` finds: it is used up, or was. */
async function usedUpWhenTurnedAway<T>(
  deps: Deps,
  nonce: Nonce | undefined,
  check: () => T,
): Promise<T> {
  try {
    return check();
  } catch (error) {
    if (nonce && error instanceof Problem) await useUp(deps, nonce);
    throw error;
  }
}
