import type { EventType } from "../../core/events.ts";
import { type Format, hmacHex, iso } from "./outgoing.ts";

/** Reference, section 5.2; the test is ours, for there is none. */
const NAMES: Partial<Record<EventType, readonly string[]>> = {
  "license.activated": ["LICENSE_ACTIVATED", "ACTIVATION_CREATED"],
  "license.deactivated": ["LICENSE_DEACTIVATED", "ACTIVATION_REMOVED"],
  "license.expired": ["LICENSE_EXPIRED"],
  "license.validated": ["LICENSE_VALIDATED"],
  "license.created": ["LICENSE_CREATED"],
  "license.revoked": ["LICENSE_REVOKED"],
  "license.suspended": ["LICENSE_SUSPENDED"],
  "license.transferred": ["LICENSE_TRANSFERRED"],
  "product.created": ["PRODUCT_CREATED"],
  "product.updated": ["PRODUCT_UPDATED"],
  "customer.created": ["CUSTOMER_CREATED"],
  "test.ping": ["TEST_PING"],
};

/**
 * Some receivers sign the bytes they get, others what `JSON.stringify` makes of them once parsed:
 * the body is what `JSON.stringify` makes, so both are the same. The header has room for one
 * signature, and the newest secret makes it.
 */
export const proxgate: Format = {
  namesOf: ({ type }) => NAMES[type] ?? [],
  async sign({ id, name, occurredAt, data }, [secret]) {
    const payload = { id, event: name, created_at: iso(occurredAt), data: snakeCased(data) };
    const body = JSON.stringify(payload);
    const headers = {
      "X-ProxGate-Signature": hmacHex(secret, body),
      "X-ProxGate-Event": name,
      "X-ProxGate-Delivery": id,
    };
    return { headers, body };
  },
};

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
      snakeCased(inner),
    ]),
  );
}
