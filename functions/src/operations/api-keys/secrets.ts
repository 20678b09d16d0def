import type { ApiKey } from "../../core/api-keys.ts";
import type { Deps } from "../deps.ts";

/** How keys begin, and how the rest of each is written. */
const FORMS = {
  cgls_: "base64url",
  pk_live_: "hex",
  pk_test_: "hex",
} as const;

export type KeyForm = keyof typeof FORMS;

const SECRET_BYTES = 24;
/** Shown in lists: the form and so many characters of the secret. */
const SHOWN = 4;

/** Draws 192 random bits, of which an API key of any form can be made, and what is kept of it. */
export function drawSecret({ randomBytes, vault }: Pick<Deps, "randomBytes" | "vault">) {
  const bytes = Buffer.from(randomBytes(SECRET_BYTES));
  return (form: KeyForm) => {
    const apiKey = form + bytes.toString(FORMS[form]);
    const prefix = apiKey.slice(0, form.length + SHOWN);
    return { apiKey, kept: { secretHash: vault.hash("api-key", apiKey), prefix } };
  };
}

export function formOf({ kind, prefix }: Pick<ApiKey, "kind" | "prefix">): KeyForm {
  if (kind === "proxgate") return prefix.startsWith("pk_test_") ? "pk_test_" : "pk_live_";
  return "cgls_";
}
