/** SQLite's code of what went wrong, its extended bits included; `undefined` where it was not SQLite. */
const errorCode = (error: unknown): number | undefined =>
  (error as { errcode?: number } | undefined)?.errcode;

const isOf = (error: unknown, primary: number) => ((errorCode(error) ?? 0) & 0xff) === primary;

export const isOfSqlite = (error: unknown): boolean => errorCode(error) !== undefined;

/** SQLITE_BUSY and its extended codes: another process holds the lock or committed first. */
export const isBusy = (error: unknown): boolean => isOf(error, 5);

/** SQLITE_FULL: no room on the disk. */
export const isFull = (error: unknown): boolean => isOf(error, 13);
