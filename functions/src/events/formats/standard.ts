import { type Format, iso } from "./outgoing.ts";

/** Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks */
export const standard: Format = {
  namesOf: ({ type }) => [type],
  async sign({ id, name, occurredAt, data }, secrets, attemptAt) {
    const { Webhook } = await import("standardwebhooks");
    const body = JSON.stringify({ type: name, timestamp: iso(occurredAt), data });
    const at = new Date(attemptAt);
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(attemptAt / 1000)),
      "webhook-signature": secrets
        .map((secret) => new Webhook(secret).sign(id, at, body))
        .join(" "),
    };
    return { headers, body };
  },
};
