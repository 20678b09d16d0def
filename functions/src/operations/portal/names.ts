import { derivedId, derivedUuid, type Vault } from "../../crypto/vault.ts";

/** Under which an address of an account is filed; nobody can compute it without the pepper. */
export const addressHash = (vault: Vault, accountId: string, email: string): string =>
  vault.hash("end-user", [accountId, email.trim().toLowerCase()].join("\n"));

/** Follows from the address, so that an account has each address once. */
export const endUserIdOf = (hash: string): string => derivedUuid("end-user", hash);

/** The reservation of a user name; case does not matter. */
export const usernameId = (accountId: string, username: string): string =>
  derivedId("end-user-name", accountId, username.toLowerCase());
