import { createHmac } from "node:crypto";
import Stripe from "stripe";
import type { Provider } from "../../functions/src/core/payments.ts";
import type { CallOptions } from "./world.ts";

/** As Standard Webhooks has it; the key is the text of the secret. `timestamp` is in seconds. */
export function standardHeaders(secret: string, raw: string | Buffer, timestamp: number) {
  const id = "7a1f3b52-4c7d-4e1b-8a54-1f0e2d3c4b5a";
  const mac = createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(raw);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${mac.digest("base64")}`,
  };
}

/** What each provider sends with these bytes to prove that they are its own; `at` is when it signed. */
export function signed(
  provider: Provider,
  raw: string,
  { at, secret = `test-${provider}-secret` }: { at: number; secret?: string },
): Pick<CallOptions, "headers" | "query"> {
  const timestamp = Math.floor(at / 1_000);
  const hmac = (text: string) => createHmac("sha256", secret).update(text).digest("hex");
  switch (provider) {
    case "native":
      return { headers: { "x-webhook-secret": secret } };
    case "stripe": {
      const ask = { payload: raw, secret, timestamp };
      return { headers: { "stripe-signature": Stripe.webhooks.generateTestHeaderString(ask) } };
    }
    case "gumroad":
      return { query: { secret } };
    case "lemonSqueezy":
      return { headers: { "x-signature": hmac(raw) } };
    case "paddle":
      return {
        headers: { "paddle-signature": `ts=${timestamp};h1=${hmac(`${timestamp}:${raw}`)}` },
      };
    case "polar":
      return { headers: standardHeaders(secret, raw, timestamp) };
  }
}
