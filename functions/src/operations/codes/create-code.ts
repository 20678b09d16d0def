import { type AskedBenefit, benefitOf, EVERY_PRODUCT } from "../../core/codes.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Code } from "../../core/records.ts";
import { codes } from "../../store/collections.ts";
import { accountOnFirstUse } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { placeOf } from "../place.ts";
import type { Principal } from "../principal.ts";
import { type CodeReference, codeIdOf } from "./find-code.ts";

export type CreateCodeAsk = CodeReference &
  AskedBenefit & {
    /** Null is unlimited. */
    readonly maxUses?: number | null | undefined;
    readonly expiresAt?: number | null | undefined;
    readonly active?: boolean | undefined;
  };

/** Makes a code: a discount, or a trial when no discount is asked for. */
export async function createCode(
  deps: Deps,
  principal: Principal,
  ask: CreateCodeAsk,
): Promise<Decision<{ code: Code }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ code: Code }>> => {
    const place = await placeOf(tx, principal, ask);
    if (!place.ok) return place;
    const { accountId, product } = place;
    const makeAccount = await accountOnFirstUse(tx, accountId, now);
    const id = codeIdOf(accountId, ask.code);
    if (await tx.get(codes, id)) return refuse("CODE_TAKEN", { field: "code" });
    const code: Code = {
      id,
      accountId,
      ...benefitOf(ask),
      code: ask.code,
      scope: product?.id ?? EVERY_PRODUCT,
      productHandle: product?.handle ?? null,
      maxUses: ask.maxUses ?? null,
      usedCount: 0,
      expiresAt: ask.expiresAt ?? null,
      active: ask.active ?? true,
      createdAt: now,
      updatedAt: now,
    };
    makeAccount(tx);
    tx.create(codes, code);
    audit(tx, { accountId, action: "code.create", targetId: id, before: null, after: code });
    return accept({ code });
  });
}
