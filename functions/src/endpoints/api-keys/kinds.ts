import { GECKOGUARD_SCOPES, type KeyKind, PROXGATE_SCOPES, SCOPES } from "../../core/api-keys.ts";

type Given = {
  readonly kind: KeyKind;
  readonly test?: boolean | undefined;
  readonly productId?: string | undefined;
  readonly productIds?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
};

type Kind = { readonly unfit: readonly (keyof Given)[]; readonly scopes: readonly string[] };

const kinds: Readonly<Record<KeyKind, Kind>> = {
  native: { unfit: ["productId", "test"], scopes: SCOPES },
  codegate: { unfit: ["scopes", "productIds", "test"], scopes: [] },
  proxgate: { unfit: ["productId", "productIds"], scopes: PROXGATE_SCOPES },
  geckoguard: { unfit: ["productIds", "test"], scopes: GECKOGUARD_SCOPES },
};

/** What a key of that kind cannot have, or lacks. */
export function* unfitFields(given: Given): Generator<{ path: PropertyKey[]; message: string }> {
  const { unfit, scopes } = kinds[given.kind];
  for (const field of unfit) {
    if (given[field] === undefined) continue;
    yield { path: [field], message: `is not a field of a ${given.kind} key` };
  }
  if (!unfit.includes("productId") && given.productId === undefined) {
    yield { path: ["productId"], message: "is required" };
  }
  for (const [index, scope] of unfit.includes("scopes") ? [] : (given.scopes ?? []).entries()) {
    if (scopes.includes(scope)) continue;
    yield { path: ["scopes", index], message: `must be one of ${scopes.join(", ")}` };
  }
}
