import { accept, type Decision, refuse } from "./decision.ts";
import type { Role } from "./roles.ts";

/** How many owners an account has after a member's role changed, came (`from` null) or went (`to` null). */
export function ownersAfter(
  owners: number,
  { from, to }: { readonly from: Role | null; readonly to: Role | null },
): Decision<{ owners: number }> {
  const left = owners + Number(to === "OWNER") - Number(from === "OWNER");
  return from === "OWNER" && left < 1 ? refuse("LAST_OWNER") : accept({ owners: left });
}
