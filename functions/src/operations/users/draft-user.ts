import { typedPassword, type User } from "../../core/users.ts";
import { SALT_BYTES } from "../../crypto/passwords.ts";
import type { Deps } from "../deps.ts";
import { emailHashOf, userIdOf } from "./emails.ts";

export type NewUser = {
  readonly email: string;
  readonly password: string;
  readonly name: string | null;
};

/** A user who is not filed yet. */
export async function draftUser(deps: Deps, { email, password, name }: NewUser): Promise<User> {
  const emailHash = emailHashOf(deps.vault, email);
  const now = deps.now();
  const salt = deps.randomBytes(SALT_BYTES);
  return {
    emailHash,
    id: userIdOf(emailHash),
    email,
    name,
    passwordHash: await deps.passwords.hash(typedPassword(password), salt),
    emailVerifiedAt: null,
    totp: null,
    pendingTotpSealed: null,
    activeAccountId: null,
    sessions: [],
    createdAt: now,
    updatedAt: now,
  };
}
