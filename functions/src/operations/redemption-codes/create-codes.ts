import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import {
  type CodeForm,
  foldCode,
  generateCode,
  type RedemptionCode,
  withExpiry,
} from "../../core/redemption-codes.ts";
import { derivedBytes } from "../../crypto/vault.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { redemptionCodeId } from "./find-code.ts";
import { makeCodes } from "./make-codes.ts";

/** Draws that met a code that is there are made again; there is room enough that these do. */
const MAX_ROUNDS = 10;

export type CreateCodesAsk = {
  readonly productId: string;
  readonly expiresAt?: number | null | undefined;
} & ({ readonly texts: readonly string[] } | { readonly count: number; readonly form: CodeForm });

export type CodesCreated = {
  readonly texts: readonly string[];
  /** Of given texts, how many came twice or were there. */
  readonly duplicates: number;
};

type Batch = { readonly id: string; readonly seed: string; readonly at: number };

/**
 * Makes codes of given texts, or draws them. What is drawn follows from the batch, which a repetition under
 * the same `Idempotency-Key` is given again: so it finds what was made before it and adds what is missing.
 */
export async function createCodes(
  deps: Deps,
  principal: Principal,
  ask: CreateCodesAsk,
): Promise<Decision<CodesCreated>> {
  const opened = await openBatch(deps, principal, ask);
  if (!opened.ok) return opened;
  const { product, batch } = opened;
  const expiresAt = ask.expiresAt ?? null;
  const codeOf = (text: string): RedemptionCode => ({
    ...withExpiry({ id: redemptionCodeId(product.id, text) }, expiresAt),
    productId: product.id,
    accountId: product.accountId,
    text,
    folded: foldCode(text),
    state: "unused",
    usedAt: null,
    usedBy: null,
    batchId: batch.id,
    proofs: [],
    createdAt: batch.at,
    updatedAt: batch.at,
  });
  if ("texts" in ask) {
    const texts = await makeCodes(deps, [...new Set(ask.texts)].map(codeOf));
    return accept({ texts, duplicates: ask.texts.length - texts.length });
  }
  const texts: string[] = [];
  let numbers = Array.from({ length: ask.count }, (_, number) => number);
  for (let round = 0; round < MAX_ROUNDS && numbers.length > 0; round++) {
    const drawn = new Map<string, number>();
    const known = new Set(texts);
    for (const number of numbers) {
      const bytes = derivedBytes("code-draw", batch.seed, `${number}`, `${round}`);
      const text = generateCode(ask.form, bytes);
      if (!known.has(text) && !drawn.has(text)) drawn.set(text, number);
    }
    const made = await makeCodes(deps, [...drawn.keys()].map(codeOf));
    texts.push(...made);
    const done = new Set(made.map((text) => drawn.get(text)));
    numbers = numbers.filter((number) => !done.has(number));
  }
  return accept({ texts, duplicates: 0 });
}

async function openBatch(
  deps: Deps,
  principal: Principal,
  ask: CreateCodesAsk,
): Promise<Decision<{ product: Product; batch: Batch }>> {
  const seed = Array.from(deps.randomBytes(32), (byte) => byte.toString(16).padStart(2, "0"));
  const batch: Batch = { id: deps.newId(), seed: seed.join(""), at: deps.now() };
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ product: Product; batch: Batch }>> => {
    const found = await reachProduct(tx, principal, ask);
    if (!found.ok) return found;
    const { product } = found;
    const asked =
      "texts" in ask ? { imported: ask.texts.length } : { count: ask.count, ...ask.form };
    audit(tx, {
      accountId: product.accountId,
      action: "redemption_codes.create",
      targetId: batch.id,
      before: null,
      after: { productId: product.handle, ...asked, expiresAt: ask.expiresAt ?? null },
    });
    return accept({ product, batch });
  });
}
