import type { EndUser } from "./end-users.ts";

/** Which end users are meant; case does not matter. */
export type SoughtEndUsers = {
  /** Those who have a license of it; null is whoever there is. */
  readonly productId: string | null;
  readonly username?: string | undefined;
  readonly email?: string | undefined;
  /** A part of either name. */
  readonly search?: string | undefined;
};

const same = (given: string | null, asked: string | undefined): boolean =>
  asked === undefined || given?.toLowerCase() === asked.toLowerCase();

/** Whether a search of the account for one text finds just who is meant. */
export const isPlain = ({ productId, username, email, search }: SoughtEndUsers): boolean =>
  username === undefined && email === undefined && (productId === null || search === undefined);

export const isSought = (one: EndUser, sought: SoughtEndUsers): boolean =>
  (sought.productId === null || one.productIds.includes(sought.productId)) &&
  same(one.username, sought.username) &&
  same(one.email, sought.email) &&
  one.folded.includes((sought.search ?? "").toLowerCase());

/** Of a long name so much is looked for: what is searched may end before it does. */
const LOOKED_FOR = 30;

/** A text that is in what is searched of everybody who is meant. An address begins a line there, and a name ends one. */
export function textSought({ username, email, search }: SoughtEndUsers): string {
  if (email !== undefined) {
    return `\n${Array.from(email.toLowerCase()).slice(0, LOOKED_FOR).join("")}`;
  }
  if (username === undefined) return (search ?? "").toLowerCase();
  const name = Array.from(username.toLowerCase());
  return name.length <= LOOKED_FOR ? `${name.join("")}\n` : name.slice(0, LOOKED_FOR).join("");
}
