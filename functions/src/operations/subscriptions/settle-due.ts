import { asOf } from "../../core/subscriptions.ts";
import { plans, subscriptions } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Swept } from "../licenses/sweep-licenses.ts";

const PAGE = 100;

/**
 * Writes down what the clock did to subscriptions, each in a transaction that looks again. What is settled
 * leaves the query, so the next run resumes where this one stopped.
 */
export async function settleDue(
  deps: Pick<Deps, "store" | "now">,
  { most }: { readonly most: number },
): Promise<Swept> {
  let settled = 0;
  let after: string | undefined;
  for (let looked = 0; looked < most; looked += PAGE) {
    const now = deps.now();
    const page = await deps.store.query(subscriptions, "due", {
      range: { lte: now },
      limit: PAGE,
      after,
    });
    for (const { id } of page.items) {
      const done = await deps.store.transaction(async (tx) => {
        const held = await tx.get(subscriptions, id);
        const plan = held && (await tx.get(plans, held.planId));
        const current = held && asOf(held, { plan, now });
        if (!current || current === held) return false;
        tx.set(subscriptions, { ...current, updatedAt: now });
        return true;
      });
      if (done) settled += 1;
    }
    if (!page.next) return { settled, more: false };
    after = page.next;
  }
  return { settled, more: true };
}
