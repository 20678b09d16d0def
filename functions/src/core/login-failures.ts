/** Failed logins of an address, whether or not somebody has it. Instants are epoch milliseconds. */
export type LoginFailures = {
  id: string;
  count: number;
  /** Until then nothing is tried; 0 is at once. */
  lockedUntil: number;
  expireAt: number;
};

/** Slips that cost nothing. */
const FREE = 9;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;
/** After that long without a failure all are forgotten. */
const REMEMBERED_MS = 86_400_000;

/** Counts one more: from the tenth on each locks the address, for a minute and then ever longer, at most an hour. */
export function loginFailed(
  id: string,
  known: LoginFailures | undefined,
  now: number,
): LoginFailures {
  const before = known && known.expireAt > now ? known.count : 0;
  const count = before + 1;
  const wait =
    count > FREE
      ? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(count - FREE - 1, 30))
      : 0;
  return { id, count, lockedUntil: wait === 0 ? 0 : now + wait, expireAt: now + REMEMBERED_MS };
}

/** Seconds until somebody may try again, or `undefined` for at once. */
export function lockedFor(known: LoginFailures | undefined, now: number): number | undefined {
  const left = (known?.lockedUntil ?? 0) - now;
  return left > 0 ? Math.ceil(left / 1000) : undefined;
}
