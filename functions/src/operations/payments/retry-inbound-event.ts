import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Provider } from "../../core/payments.ts";
import { inboundEvents } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type Payment, type Receipt, receiveAgain } from "./receive-payment.ts";

/** Tries an event again that was not settled. One of no account is the administrator's. */
export async function retryInboundEvent(
  deps: Deps,
  principal: Principal,
  ask: { readonly eventId: string; readonly read: (provider: Provider) => Payment["read"] },
): Promise<Decision<{ receipt: Receipt }>> {
  const event = await deps.store.get(inboundEvents, ask.eventId);
  const reached =
    principal.kind === "administrator" || (event && event.accountId === principal.accountId);
  if (!event || !reached) return refuse("INBOUND_EVENT_NOT_FOUND", { field: "eventId" });
  return accept({ receipt: await receiveAgain(deps, event, ask.read(event.provider)) });
}
