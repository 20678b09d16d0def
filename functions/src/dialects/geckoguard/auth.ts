import * as z from "zod";
import { email } from "../../fields/input.ts";
import type { Deps } from "../../operations/deps.ts";
import { disableTotp as disable } from "../../operations/users/disable-totp.ts";
import { enableTotp as enable } from "../../operations/users/enable-totp.ts";
import { forgotPassword as forgot } from "../../operations/users/forgot-password.ts";
import { login as logIn } from "../../operations/users/login.ts";
import { logout as logOut } from "../../operations/users/logout.ts";
import { refresh as rotate } from "../../operations/users/refresh.ts";
import { register as signUp } from "../../operations/users/register.ts";
import { resetPassword as reset } from "../../operations/users/reset-password.ts";
import { setUpTotp as setUp } from "../../operations/users/set-up-totp.ts";
import { takeAttempt } from "../../operations/users/take-attempt.ts";
import { verifyEmail as verify } from "../../operations/users/verify-email.ts";
import { verifyLogin as finish } from "../../operations/users/verify-login.ts";
import { userRoute } from "./dashboard-route.ts";
import { type Outcome, publicRoute } from "./define-route.ts";
import { iso, name } from "./fields.ts";
import { loginItem, newPassword, opaque, password, tokensItem, userItem } from "./users.ts";

/** A route that somebody may guess at, or have mails sent by: its calls are limited. */
export const authRoute = <const Path extends string, Fields extends z.core.$ZodLooseShape>(spec: {
  readonly path: Path;
  readonly body: z.ZodObject<Fields>;
  readonly status?: 200 | 201;
  readonly handle: (deps: Deps, body: z.output<z.ZodObject<Fields>>) => Promise<Outcome>;
}) =>
  publicRoute({
    ...spec,
    method: "POST",
    async handle(deps, { body }, limits) {
      // An address of one organization's portal is nobody of another's.
      const org = "orgSlug" in body ? `${body["orgSlug"]} ` : "";
      const email = "email" in body ? `${org}${body["email"]}` : undefined;
      const taken = await takeAttempt(deps, { route: spec.path, email });
      if (taken.budget) limits.tell(taken.budget);
      return taken.ok ? spec.handle(deps, body) : taken;
    },
  });

export const register = authRoute({
  path: "/v1/auth/register",
  body: z.object({
    email,
    password: newPassword,
    name: name.nullish(),
    inviteToken: opaque.nullish().transform((token) => token ?? undefined),
  }),
  status: 201,
  async handle(deps, { name = null, ...ask }) {
    const decision = await signUp(deps, { ...ask, name });
    if (!decision.ok) return decision;
    const { user, tokens } = decision;
    return tokens ? loginItem({ user, tokens }) : { user: userItem(user) };
  },
});

export const verifyEmail = authRoute({
  path: "/v1/auth/verify-email",
  body: z.object({ token: opaque }),
  async handle(deps, { token }) {
    const decision = await verify(deps, token);
    return decision.ok ? { user: userItem(decision.user) } : decision;
  },
});

export const login = authRoute({
  path: "/v1/auth/login",
  body: z.object({ email, password }),
  async handle(deps, ask) {
    const decision = await logIn(deps, ask);
    if (!decision.ok) return decision;
    if (!("challenge" in decision)) return loginItem(decision);
    const { token: challengeToken, expiresAt } = decision.challenge;
    return { requiresTotp: true, challengeToken, expiresAt: iso(expiresAt) };
  },
});

export const verifyLogin = authRoute({
  path: "/v1/auth/totp/verify-login",
  body: z.object({ challengeToken: opaque, code: opaque }),
  async handle(deps, ask) {
    const decision = await finish(deps, ask);
    return decision.ok ? loginItem(decision) : decision;
  },
});

export const refresh = publicRoute({
  method: "POST",
  path: "/v1/auth/refresh",
  body: z.object({ refreshToken: opaque }),
  async handle(deps, { body }) {
    const decision = await rotate(deps, body.refreshToken);
    return decision.ok ? { tokens: tokensItem(decision.tokens) } : decision;
  },
});

export const logout = publicRoute({
  method: "POST",
  path: "/v1/auth/logout",
  body: z.object({ refreshToken: opaque }),
  async handle(deps, { body }) {
    await logOut(deps, body.refreshToken);
    return { loggedOut: true };
  },
});

export const forgotPassword = authRoute({
  path: "/v1/auth/forgot-password",
  body: z.object({ email }),
  async handle(deps, { email }) {
    await forgot(deps, email);
    return { sent: true };
  },
});

export const resetPassword = authRoute({
  path: "/v1/auth/reset-password",
  body: z.object({ token: opaque, password: newPassword }),
  async handle(deps, ask) {
    const decision = await reset(deps, ask);
    return decision.ok ? { user: userItem(decision.user) } : decision;
  },
});

export const setUpTotp = userRoute({
  method: "POST",
  path: "/v1/auth/totp/setup",
  async handle(deps, caller) {
    const decision = await setUp(deps, caller);
    if (!decision.ok) return decision;
    const { secret, otpauthUrl } = decision;
    return { secret, otpauthUrl };
  },
});

export const enableTotp = userRoute({
  method: "POST",
  path: "/v1/auth/totp/enable",
  body: z.object({ code: opaque }),
  async handle(deps, caller, { body }) {
    const decision = await enable(deps, caller, body.code);
    return decision.ok ? { backupCodes: decision.backupCodes } : decision;
  },
});

export const disableTotp = userRoute({
  method: "POST",
  path: "/v1/auth/totp/disable",
  body: z.object({ password, code: opaque }),
  async handle(deps, caller, { body }) {
    const decision = await disable(deps, caller, body);
    return decision.ok ? { user: userItem(decision.user) } : decision;
  },
});
