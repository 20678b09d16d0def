import type { Plan } from "../../core/plans.ts";
import { accounts } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";
import { remembered } from "../remembered.ts";

export type PlanOf = (accountId: string) => Promise<Plan>;

/** The plans of accounts, as this instance remembers them. */
export const createAccountPlans = (deps: { store: DocumentStore; now: () => number }): PlanOf =>
  remembered(deps.now, async (accountId) => {
    const account = await deps.store.get(accounts, accountId);
    return account?.plan ?? "start";
  });
