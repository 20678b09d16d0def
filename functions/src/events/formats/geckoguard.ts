import { type Format, hmacHex, iso, type Outgoing } from "./outgoing.ts";

type Told = (event: Outgoing) => Record<string, unknown>;

const license: Told = ({ licenseId }) => ({ licenseId });
const licenseOfProduct: Told = ({ licenseId, productId }) => ({ licenseId, productId });
const apiKey: Told = ({ data, productId }) => ({ apiKeyId: data["keyId"], productId });
const member: Told = ({ data }) => ({ orgId: data["orgId"], userId: data["userId"] });
const effectiveExpiresAt = ({ data }: Outgoing) =>
  data["effectiveExpiresAt"] ?? data["expiresAt"] ?? null;

/** Reference, section 14.3: the events there are, and exactly what each tells. */
const EVENTS: Readonly<Record<string, Told>> = {
  "license.created": license,
  "license.authorized": (event) => ({
    ...licenseOfProduct(event),
    wasActivated: event.data["wasActivated"] === true,
    effectiveExpiresAt: effectiveExpiresAt(event),
  }),
  "license.authorization_denied": (event) => ({
    ...licenseOfProduct(event),
    reasonCode: event.data["reasonCode"],
    message: event.data["message"],
  }),
  "license.expired": (event) => ({
    ...licenseOfProduct(event),
    effectiveExpiresAt: effectiveExpiresAt(event),
  }),
  "license.revoked": license,
  "license.unrevoked": license,
  "license.frozen": license,
  "license.unfrozen": license,
  "license.hwid_reset": license,
  "license.ip_reset": license,
  "api_key.created": apiKey,
  "api_key.revoked": apiKey,
  "api_key.rotated": apiKey,
  "team.member_added": (event) => ({ ...member(event), role: event.data["role"] }),
  "team.member_removed": member,
  "test.ping": ({ data, productId }) => ({ endpointId: data["endpointId"], productId }),
};

/** What its endpoints may ask for by name. */
export const GECKOGUARD_EVENTS: readonly string[] = Object.keys(EVENTS);

function nameOf({ type, data }: Pick<Outgoing, "type" | "data">): string {
  if (type === "license.suspended") return "license.frozen";
  if (type !== "license.reinstated") return type;
  return data["previousStatus"] === "revoked" ? "license.unrevoked" : "license.unfrozen";
}

/** An attempt to use a license that is over is told twice: as denied, and as expired. */
const isPastExpiry = ({ type, data }: Pick<Outgoing, "type" | "data">): boolean =>
  type === "license.authorization_denied" &&
  String(data["reasonCode"]).startsWith("LICENSE_EXPIRED");

export const geckoguard: Format = {
  namesOf(event) {
    const name = nameOf(event);
    if (isPastExpiry(event)) return [name, "license.expired"];
    return Object.hasOwn(EVENTS, name) ? [name] : [];
  },
  async sign(event, secrets, attemptAt) {
    const { id, name, occurredAt } = event;
    const data = EVENTS[name]?.(event) ?? {};
    const body = JSON.stringify({ event: name, data, timestamp: iso(occurredAt) });
    const t = Math.floor(attemptAt / 1000);
    const signatures = secrets.map((secret) => `v1=${hmacHex(secret, `${t}.${body}`)}`);
    const headers = {
      "X-GeckoGuard-Signature-V2": [`t=${t}`, ...signatures].join(","),
      "X-GeckoGuard-Event": name,
      "X-GeckoGuard-Delivery": id,
    };
    return { headers, body };
  },
};
