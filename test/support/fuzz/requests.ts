import { Agent, type IncomingHttpHeaders, request } from "node:http";
import fc from "fast-check";
import * as z from "zod";
import { KEY_KINDS, type KeyKind } from "../../../functions/src/core/api-keys.ts";
import type { Provider } from "../../../functions/src/core/payments.ts";
import { sha256Hex } from "../../../functions/src/crypto/signatures.ts";
import { codegate } from "../../../functions/src/dialects/codegate/routes.ts";
import { geckoguard } from "../../../functions/src/dialects/geckoguard/routes.ts";
import { stringToSign } from "../../../functions/src/dialects/geckoguard/signing.ts";
import { proxgate } from "../../../functions/src/dialects/proxgate/routes.ts";
import type { Dialect } from "../../../functions/src/http/router.ts";
import type { Surface } from "../../../functions/src/http/surface.ts";
import { hmac } from "../codegate.ts";
import { signed } from "../signed.ts";
import { ADMIN_SECRET, endpoints, routers } from "../world.ts";
import { damage, damaged, inputsOf, jsonText } from "./inputs.ts";
import type { Key, Seed, Tenant } from "./seed.ts";

/** What a request can be sent to. */
export type Target = {
  readonly name: string;
  readonly methods: readonly string[];
  /** With `:parts`. */
  readonly path: string;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly surfaces: readonly Surface[];
  /** The kinds of keys that may open it. */
  readonly kinds: readonly KeyKind[];
  readonly provider?: Provider;
};

const KINDS = new Map<Dialect, KeyKind>([
  [codegate, "codegate"],
  [proxgate, "proxgate"],
  [geckoguard, "geckoguard"],
]);

/** Every exported function, and every route of those that have many. */
export const targets: readonly Target[] = [
  ...[...endpoints].map(([name, { methods, input, surface, ...spec }]) => ({
    ...{ name, methods, path: `/${name}`, query: input as z.ZodType, body: input as z.ZodType },
    surfaces: [surface],
    kinds: ["native" as const],
    ...(spec.access === "webhook" ? { provider: spec.provider } : {}),
  })),
  ...[...routers.values()].flatMap(({ dialects }) =>
    dialects.flatMap((dialect) =>
      dialect.routes.map(({ method, path, query, body, surface }) => {
        const own = KINDS.get(dialect);
        return {
          name: `${method} ${path}`,
          ...{ methods: [method], path, query, body },
          surfaces: [surface ?? dialect.surface, ...dialects.map((one) => one.surface)],
          kinds: own ? [own] : KEY_KINDS,
        };
      }),
    ),
  ),
];

/** Who asks: nobody that is known, the operator, or a tenant with one of its keys. */
export type Asker = {
  readonly tenant?: Tenant;
  readonly operator?: true;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly key?: Key;
};

export type Request = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer | undefined;
  readonly asker: Asker;
};

export const BOOTSTRAP_TOKEN = "test-bootstrap-token";

const HUGE = "h".repeat(4_000);

const operator: Asker = { operator: true, headers: { "x-admin-secret": ADMIN_SECRET } };
const starter: Asker = { operator: true, headers: { "x-admin-token": BOOTSTRAP_TOKEN } };

const withKey = (key: Key, tenant: Tenant): Asker[] => [
  { tenant, key, headers: { "x-api-key": key.apiKey } },
];

const loggedIn = ({ path }: Target, tenant: Tenant): Asker => {
  const { person, customer } = tenant;
  const token = path.startsWith("/v1/enduser/") ? customer.token : person.accessToken;
  return { tenant, headers: { authorization: `Bearer ${token}` } };
};

const isForPeople = (path: string) => /^\/v1\/(dashboard|enduser)\//.test(path);

/** Who may do it, as likely as not. */
function goodAskers({ tenants: [one] }: Seed, target: Target): fc.Arbitrary<Asker> {
  const { kinds, path } = target;
  if (isForPeople(path)) return fc.constant(loggedIn(target, one));
  const persons = kinds.includes("geckoguard") ? [loggedIn(target, one)] : [];
  const own = fc.constantFrom(...persons, ...kinds.flatMap((kind) => withKey(one.keys[kind], one)));
  const arbitrary = fc.constant(kinds.includes("native") ? operator : starter);
  return fc.oneof({ weight: 3, arbitrary: own }, { weight: 1, arbitrary });
}

function askers({ tenants }: Seed, target: Target): fc.Arbitrary<Asker> {
  const { kinds, path } = target;
  const [one] = tenants;
  const good = [one, one, one, ...tenants].flatMap((tenant) =>
    kinds.flatMap((kind) => withKey(tenant.keys[kind], tenant)),
  );
  const bearer = good.map(({ headers, ...asker }) => ({
    ...asker,
    headers: { authorization: `Bearer ${headers["x-api-key"]}` },
  }));
  const persons = tenants.map((tenant) => loggedIn(target, tenant));
  const wrong = KEY_KINDS.flatMap((kind) => withKey(one.keys[kind], one));
  const { apiKey } = one.keys.native;
  const odd: Asker[] = [
    ...withKey(one.keys.bound, one),
    { headers: { "x-api-key": one.keys.revoked.apiKey } },
    { headers: {} },
    { headers: { "x-admin-secret": `${ADMIN_SECRET}x` } },
    { headers: { "x-admin-secret": ["a", ADMIN_SECRET] } },
    { headers: { "x-api-key": [apiKey, apiKey] } },
    { headers: { authorization: [`Bearer ${apiKey}`, "Basic eDp5"], "x-api-key": "x" } },
    { headers: { "x-api-key": HUGE, authorization: `Bearer ${HUGE}`, "x-signature": "\xff" } },
    { headers: { "x-api-key": "__proto__", "x-timestamp": "1e400", "x-signature": "" } },
  ];
  const native = kinds.includes("native");
  const spoken = kinds.includes("geckoguard") ? 4 : 1;
  const people = isForPeople(path) ? 16 : spoken;
  return fc.oneof(
    { weight: native ? 5 : 1, arbitrary: fc.constant(native ? operator : starter) },
    { weight: 6, arbitrary: fc.constantFrom(...good) },
    { weight: native ? 0 : 1, arbitrary: fc.constantFrom(...bearer) },
    { weight: people, arbitrary: fc.constantFrom(...persons) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
    { weight: 2, arbitrary: fc.constantFrom(...odd) },
  );
}

const CONTENT_TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/json; charset=utf-16",
  "multipart/form-data; boundary=x",
  ";;;",
  HUGE,
];
const ODD_HEADERS: readonly Record<string, string | string[]>[] = [
  { "content-encoding": "gzip" },
  { "content-encoding": "br, identity" },
  { "idempotency-key": "fuzz-1" },
  { "idempotency-key": "fuzz-2", "x-request-id": "<script>" },
  { "idempotency-key": "" },
  { "idempotency-key": ["a", "b"] },
  { "idempotency-key": HUGE },
  { "x-forwarded-for": ["1.2.3.4, nonsense", "::ffff:999.1.1.1, [::1]:80"] },
  { "x-forwarded-for": "x".repeat(3_000) },
  { "x-country-code": "\xff\xfe" },
  { "x-country-code": "DE, FR" },
  { "accept-encoding": "gzip, *;q=0", accept: "image/png", origin: "null", range: "bytes=0-1" },
  { "x-http-method-override": "DELETE", "x-original-url": "/createApiKey", forwarded: "for=x" },
  { expect: "100-continue" },
];

const ODD_PARTS = [
  ...["%00", "%2e%2e", "..", ".", "%2F", "%zz", "%", "%C0%AF", "%ED%A0%80", "a%20b", "~", "*"],
  ...["__proto__", "constructor", ":code", "0".repeat(32), "%25", "a;b=c", "%F0%9F%98%80"],
  "p".repeat(10_240),
];
const ODD_PATHS = ["/", "//", "/..", "/%2e%2e/verify", "/.", "/v1/%", `/${"a/".repeat(4_000)}`];

/** What replaces the text of a body. */
const BROKEN_BODIES = [
  ...["", " ", "{", "null", "[]", '"x"', "1", "{}}", '{"a":1,}', "\ufeff{}", "NaN", "a=1&a=2"],
  ...['{"licenseKey":1,"licenseKey":"x"}', '{"__proto__":{"ok":true}}', "{'a':1}"],
  Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from("{}", "utf16le"),
  Buffer.alloc(70_000, "["),
];

const EXTRA_QUERY = ["apiKey=x&apiKey=y", "__proto__=1", "%=%", "a=%ff", "&&==&", "creatorId=x"];

/** Requests to one target: good ones, and ones that are broken in one or several ways. */
export function requestsTo(target: Target, seed: Seed, now: () => number): fc.Arbitrary<Request> {
  const { query, body, path } = target;
  const inputs = (schema: z.ZodType = z.looseObject({})) => inputsOf(schema, seed.known);
  const broken = (schema: z.ZodType = z.looseObject({})) =>
    fc
      .tuple(inputs(schema), fc.array(damage, { maxLength: 3 }))
      .map(([fields, done]) => damaged(fields ?? {}, namesOf(schema), done));
  const rarely = <T>(values: readonly T[], weight = 12) =>
    fc.oneof({ weight, arbitrary: fc.constant(undefined) }, fc.constantFrom(...values));
  const never = fc.constant(undefined);
  const good = fc.record({
    method: fc.constantFrom(...target.methods),
    path: pathsOf(path, seed),
    elsewhere: never,
    asker: goodAskers(seed, target),
    queryFields: inputs(query),
    bodyFields: inputs(body),
    brokenBody: never,
    contentType: never,
    headers: never,
    extraQuery: never,
    /** The proof of a webhook or the signature is left out. */
    unproven: fc.constant(false),
  });
  const odd = fc.record({
    method: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...target.methods) },
      fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
    ),
    path: pathsOf(path, seed),
    elsewhere: path.includes("/", 1) ? rarely(ODD_PATHS) : never,
    asker: askers(seed, target),
    queryFields: broken(query),
    bodyFields: broken(body),
    brokenBody: rarely(BROKEN_BODIES, 14),
    contentType: rarely(CONTENT_TYPES),
    headers: rarely(ODD_HEADERS, 6),
    extraQuery: rarely(EXTRA_QUERY, 14),
    unproven: fc.nat(9).map((draw) => draw === 0),
  });
  return fc
    .oneof({ weight: 1, arbitrary: good }, { weight: 2, arbitrary: odd })
    .map(({ asker, ...drawn }) => {
      const { method } = drawn;
      const reads = method === "GET" || method === "HEAD";
      const text = drawn.brokenBody ?? jsonText(drawn.bodyFields);
      const sentBody = reads ? undefined : text;
      const asked = reads || query !== body ? queryText(drawn.queryFields) : "";
      const search = [asked, drawn.extraQuery].filter(Boolean).join("&");
      const sentPath = pathSent(drawn.path, drawn.elsewhere);
      const proof =
        target.provider && !drawn.unproven
          ? signed(target.provider, String(sentBody ?? ""), { at: now() })
          : {};
      const provenQuery = new URLSearchParams(proof.query).toString();
      const sentQuery = [search, provenQuery].filter(Boolean).join("&");
      const parts = { method, path: sentPath, query: sentQuery, body: sentBody };
      const signs = asker.key !== undefined && !drawn.unproven;
      const signature = signs ? signatureOf(asker.key, parts, now()) : {};
      return {
        ...parts,
        asker,
        headers: {
          "content-type": drawn.contentType ?? "application/json",
          ...asker.headers,
          ...proof.headers,
          ...signature,
          ...drawn.headers,
        },
      };
    });
}

/** What a key's kind signs a request with; one without a secret of its own signs as GeckoGuard's do. */
function signatureOf(
  { apiKey, secret }: Key,
  { method, path, query, body = "" }: Omit<Request, "headers" | "asker">,
  now: number,
) {
  const timestamp = String(Math.floor(now / 1_000));
  const bytes = Buffer.from(body);
  if (secret === undefined) {
    const nonce = sha256Hex(bytes);
    const text = stringToSign({ method, path, timestamp, nonce, body: bytes });
    return {
      "x-gg-timestamp": timestamp,
      "x-gg-nonce": nonce,
      "x-gg-signature": hmac(apiKey, text),
    };
  }
  const pairs = [...new URLSearchParams(query)].sort(([a], [b]) => (a < b ? -1 : 1));
  const encode = (text: string) => encodeURIComponent(text.toWellFormed());
  const canonical = [...new Map(pairs)].map(([k, v]) => `${encode(k)}=${encode(v)}`).join("&");
  const text = [method, path, canonical, sha256Hex(bytes), timestamp].join("\n");
  return { "x-timestamp": timestamp, "x-signature": hmac(secret, text) };
}

const pathSent = (path: string, elsewhere: string | undefined) =>
  elsewhere === undefined ? path : `/${path.split("/")[1]}${elsewhere}`;

function pathsOf(path: string, seed: Seed): fc.Arbitrary<string> {
  const pieces = path.split("/").map((piece) => {
    if (!piece.startsWith(":")) return fc.constant(piece);
    const uuid = piece.replace("Id", "Uuid");
    const known = [piece, uuid, uuid, uuid].flatMap(seed.known);
    const parts = known.map((value) => encodeURIComponent(value));
    const familiar = parts.length > 0 ? [{ weight: 8, arbitrary: fc.constantFrom(...parts) }] : [];
    return fc.oneof(
      ...familiar,
      { weight: 2, arbitrary: fc.constantFrom(...seed.ids) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_PARTS) },
    );
  });
  return fc.tuple(...pieces).map((parts) => parts.join("/"));
}

/** The fields as a form has them; what is a list comes several times. */
const queryText = (fields: unknown): string =>
  Object.entries(fields ?? {})
    .flatMap(([name, value]) =>
      [value].flat().map((one) => {
        const text = typeof one === "string" ? one : (JSON.stringify(one) ?? "");
        return [name, text.slice(0, 2_000)].map((part) => encodeURIComponent(part.toWellFormed()));
      }),
    )
    .slice(0, 20)
    .map(([name = "", value = ""]) => `${name.slice(0, 300)}=${value.slice(0, 1_500)}`)
    .join("&")
    .slice(0, 7_000);

function namesOf(schema: z.ZodType): readonly string[] {
  const { def } = (schema as unknown as z.core.$ZodTypes)._zod;
  if (def.type === "pipe") return namesOf(def.in as z.ZodType);
  return def.type === "object" ? Object.keys(def.shape) : [];
}

export type Heard = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends it as it is: a client of a higher level would mend some of it. */
export function sendTo(url: string, asked: Request, timeoutMs: number): Promise<Heard> {
  const { method, path, query, headers, body } = asked;
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ hostname, port, method, agent, path: query ? `${path}?${query}` : path },
        headers: { ...headers, ...length },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
