import { decideDeactivation } from "../../core/activations.ts";
import { accept, type Decision } from "../../core/decision.ts";
import type { Activation, License } from "../../core/records.ts";
import type { Held } from "../../core/slots.ts";
import { activations } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { countersOf, saveCounter } from "./seat-counter.ts";

/** Frees the machine's slot and forgets the machine. */
export async function freeMachine(
  tx: Transaction,
  held: { readonly license: License | undefined; readonly activation: Activation | undefined },
): Promise<Decision<Held>> {
  const { license, activation } = held;
  const [found] = license && activation ? await countersOf(tx, license, [activation]) : [];
  const outcome = decideDeactivation({ license: found?.counter.seen ?? license, activation });
  if (!outcome.ok) return outcome;
  const after = found ? saveCounter(tx, found.counter, outcome.license) : outcome.license;
  tx.delete(activations, outcome.activation.id);
  return accept({ license: after, activation: outcome.activation });
}
