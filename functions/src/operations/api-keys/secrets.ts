import type { ApiKey } from "../../core/api-keys.ts";
import type { Deps } from "../deps.ts";

/** How keys begin, how many random bytes follow, how those are written, and how many characters lists show. */
const FORMS = {
  cgls_: { bytes: 24, encoding: "base64url", shown: 4 },
  pk_live_: { bytes: 24, encoding: "hex", shown: 4 },
  pk_test_: { bytes: 24, encoding: "hex", shown: 4 },
  gg_: { bytes: 32, encoding: "hex", shown: 7 },
} as const;

export type KeyForm = keyof typeof FORMS;

const MOST_BYTES = 32;

/** Draws random bits, of which an API key of any form can be made, and what is kept of it. */
export function drawSecret({ randomBytes, vault }: Pick<Deps, "randomBytes" | "vault">) {
  const bytes = Buffer.from(randomBytes(MOST_BYTES));
  return (form: KeyForm) => {
    const { bytes: length, encoding, shown } = FORMS[form];
    const apiKey = form + bytes.subarray(0, length).toString(encoding);
    const prefix = apiKey.slice(0, form.length + shown);
    return { apiKey, kept: { secretHash: vault.hash("api-key", apiKey), prefix } };
  };
}

export function formOf({ kind, prefix }: Pick<ApiKey, "kind" | "prefix">): KeyForm {
  if (kind === "proxgate") return prefix.startsWith("pk_test_") ? "pk_test_" : "pk_live_";
  return kind === "geckoguard" ? "gg_" : "cgls_";
}
