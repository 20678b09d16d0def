import { LONGEST_PASSWORD, SHORTEST_PASSWORD, type User } from "../../core/users.ts";
import type { LoggedIn } from "../../operations/users/login.ts";
import type { Tokens } from "../../operations/users/sessions.ts";
import { iso, text } from "./fields.ts";

/** One that is sent to be compared. */
export const password = text(LONGEST_PASSWORD).min(1, "is required");
export const newPassword = text(LONGEST_PASSWORD).min(
  SHORTEST_PASSWORD,
  `must be at least ${SHORTEST_PASSWORD} characters`,
);

/** A token or code of any form: a wrong one is refused like any other. */
export const opaque = text(512).min(1, "is required");

export const userItem = (user: User) => ({
  id: user.id,
  email: user.email,
  name: user.name,
  emailVerified: user.emailVerifiedAt !== null,
  totpEnabled: user.totp !== null,
  createdAt: iso(user.createdAt),
});

export const tokensItem = (tokens: Tokens) => ({
  accessToken: tokens.accessToken,
  refreshToken: tokens.refreshToken,
  tokenType: "Bearer",
  accessTokenExpiresAt: iso(tokens.accessTokenExpiresAt),
  refreshTokenExpiresAt: iso(tokens.refreshTokenExpiresAt),
});

export const loginItem = ({ user, tokens }: LoggedIn) => ({
  user: userItem(user),
  tokens: tokensItem(tokens),
});
