import { derivedUuid, type Vault } from "../../crypto/vault.ts";

/** The document of the user with that address; whether there is one is another matter. */
export const emailHashOf = (vault: Vault, email: string): string =>
  vault.hash("user-email", email.trim().toLowerCase());

/** Follows from the address, so that an answer that names it does not tell whether it was taken. */
export const userIdOf = (emailHash: string): string => derivedUuid("user", emailHash);
