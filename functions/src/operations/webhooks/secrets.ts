import type { WebhookFormat } from "../../core/webhooks.ts";
import type { Deps } from "../deps.ts";

type Form = { readonly bytes: number; readonly text: (drawn: Buffer) => string };

/** What receivers of each format hold a secret to be. */
const FORMS: Readonly<Record<WebhookFormat, Form>> = {
  standard: { bytes: 32, text: (drawn) => `whsec_${drawn.toString("base64")}` },
  proxgate: { bytes: 36, text: (drawn) => drawn.toString("base64url") },
  geckoguard: { bytes: 16, text: (drawn) => `whsec_${drawn.toString("hex")}` },
};

/** A secret for an endpoint of that format, and how it is kept. */
export function newWebhookSecret(
  { randomBytes, vault }: Pick<Deps, "randomBytes" | "vault">,
  format: WebhookFormat,
): { secret: string; sealed: string } {
  const { bytes, text } = FORMS[format];
  const secret = text(Buffer.from(randomBytes(bytes)));
  return { secret, sealed: vault.seal("webhook", secret) };
}
