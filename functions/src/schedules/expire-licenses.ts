import { expireDue } from "../operations/licenses/expire-due.ts";
import { refileAll } from "../operations/licenses/refile-due.ts";
import { defineSweep } from "./define-sweep.ts";

/** Tells of expiries, and files anew what time changed. */
export const expireLicenses = defineSweep("expireLicenses", async (deps, ask) => {
  const told = await expireDue(deps, ask);
  const filed = await refileAll(deps, ask);
  return { settled: told.settled + filed.settled, more: told.more || filed.more };
});
