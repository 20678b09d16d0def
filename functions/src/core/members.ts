import { accept, type Decision, refuse } from "./decision.ts";
import { hasAbility, type Role } from "./roles.ts";

/** A member's role, before and after: null is one who is no member. */
type Change = { readonly from: Role | null; readonly to: Role | null };

/** Whether somebody may bring that change about for another: what touches an OWNER is for owners. */
export const mayManage = (actor: Role, { from, to }: Change): boolean =>
  hasAbility(actor, [from, to].includes("OWNER") ? "ownership.transfer" : "member.change");

/** How many owners an account has after the change. */
export function ownersAfter(owners: number, { from, to }: Change): Decision<{ owners: number }> {
  const left = owners + Number(to === "OWNER") - Number(from === "OWNER");
  return from === "OWNER" && left < 1 ? refuse("LAST_OWNER") : accept({ owners: left });
}
