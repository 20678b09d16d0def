import { EVENT_TYPES, type OutboxEvent } from "../core/events.ts";
import { concerns, type WebhookEndpoint, type WebhookFormat, wants } from "../core/webhooks.ts";
import { geckoguard } from "./formats/geckoguard.ts";
import type { Format, Outgoing, Signed } from "./formats/outgoing.ts";
import { proxgate } from "./formats/proxgate.ts";
import { standard } from "./formats/standard.ts";

const formats: Readonly<Record<WebhookFormat, Format>> = { standard, proxgate, geckoguard };

/** The names under which an endpoint gets an event: it may have asked for the event or for a name. */
export function namesWanted(
  endpoint: Pick<WebhookEndpoint, "format" | "events" | "productId">,
  event: Pick<OutboxEvent, "type" | "productId" | "data">,
): readonly string[] {
  const names = formats[endpoint.format].namesOf(event);
  if (!concerns(endpoint, event)) return [];
  const asked = (name: string) => endpoint.events.includes(name);
  if (!wants(endpoint, event)) return names.filter(asked);
  // A name that is another event's is for those who asked for that one.
  return names.filter((name) => !isOther(event, name) || asked(name) || asked("*"));
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

const isOther = ({ type }: Pick<OutboxEvent, "type">, name: string): boolean =>
  name !== type && TYPES.has(name);

/** The headers and body of one attempt; `undefined` when the format has no such event. */
export async function signedRequest(
  format: WebhookFormat,
  event: Outgoing,
  secrets: readonly [string, ...string[]],
  attemptAt: number,
): Promise<Signed | undefined> {
  const { namesOf, sign } = formats[format];
  const name = event.name ?? namesOf(event)[0];
  if (name === undefined) return undefined;
  const { headers, body } = await sign({ ...event, name }, secrets, attemptAt);
  return {
    headers: {
      "Content-Type": "application/json",
      "User-Agent": "Latchkey-Webhooks/1.0",
      ...headers,
    },
    body,
  };
}
