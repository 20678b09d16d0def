import { createHash, createHmac } from "node:crypto";
import { request } from "node:http";
import {
  foldCode,
  type RedemptionCode,
  withExpiry,
} from "../../functions/src/core/redemption-codes.ts";
import { derivedUuid } from "../../functions/src/crypto/vault.ts";
import { products, redemptionCodes } from "../../functions/src/store/collections.ts";
import { productOf } from "./products.ts";
import type { Json, World } from "./world.ts";

/** How each published SDK puts a query or a code into a URL. */
export type Sdk = "python" | "javascript";

export type Project = {
  readonly projectId: string;
  readonly apiKey: string;
  readonly secret: string;
};

/** A product with a CodeGate key. */
export async function project(world: World, productId = "prod_codes"): Promise<Project> {
  await world.admin("createProduct", { name: productId, productId });
  return codegateKey(world, productId);
}

export async function codegateKey(world: World, productId = "prod_codes"): Promise<Project> {
  const made = await world.admin("createApiKey", { name: "shop", kind: "codegate", productId });
  const { projectId, apiKey, secret } = made as Record<string, string>;
  return { projectId: projectId ?? "", apiKey: apiKey ?? "", secret: secret ?? "" };
}

/** Puts codes into a project, the newest first. */
export async function putCodes(
  world: World,
  owner: Project,
  codes: readonly (Partial<RedemptionCode> & { text: string })[],
): Promise<void> {
  const { id: productId } = await productOf(world, owner.projectId);
  for (const { text, expiresAt = null, ...more } of codes) {
    const id = derivedUuid("redemption-code", productId, text);
    const code: RedemptionCode = withExpiry(
      {
        id,
        productId,
        accountId: "default",
        text,
        folded: foldCode(text),
        state: "unused",
        usedAt: null,
        usedBy: null,
        batchId: "b",
        proofs: [],
        createdAt: world.clock.now(),
        updatedAt: world.clock.now(),
        ...more,
      },
      expiresAt,
    );
    await world.store.commit([{ kind: "set", collection: redemptionCodes, record: code }]);
  }
}

/** Sets a product's own terms. */
export async function changeProduct(
  world: World,
  owner: Project,
  terms: { enabled?: boolean; expiresAt?: number | null },
): Promise<void> {
  const { id } = await productOf(world, owner.projectId);
  await world.store.commit([{ kind: "update", collection: products, id, patch: terms }]);
}

export type Sent = {
  method: string;
  path: string;
  /** With its `?`. */
  query?: string;
  headers: Record<string, string>;
  body?: string | Buffer;
};

export type Heard = { status: number; body: Json; headers: Record<string, unknown> };

/** Sends the bytes as they are: a client of a higher level would rewrite some paths. */
export function sendRaw(
  url: string,
  { method, path, query = "", headers, body }: Sent,
): Promise<Heard> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        hostname,
        port,
        method,
        path: path + query,
        headers: { ...length, ...headers },
        agent: false,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            body: (text ? JSON.parse(text) : {}) as Json,
            headers: response.headers,
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

const form = (text: string) =>
  encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!*()']/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
const component = encodeURIComponent;
const quoted = (text: string) => form(text).replaceAll("+", "%20");

const encoders = {
  python: { query: form, code: quoted, wire: (text: string) => text, json: pythonJson },
  // The URL parser encodes an apostrophe in a query, after it was signed.
  javascript: {
    query: component,
    code: component,
    wire: (text: string) => text.replaceAll("'", "%27"),
    json: (value: unknown) => JSON.stringify(value),
  },
} as const;

/** Flat objects of texts only: what the SDK sends. */
function pythonJson(value: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(value).map(
    ([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`,
  );
  return `{${members.join(", ")}}`;
}

const stringToSign = (parts: {
  method: string;
  path: string;
  query: string;
  body: string | Buffer;
  timestamp: string | number;
}): string =>
  [
    parts.method,
    parts.path,
    parts.query,
    createHash("sha256").update(parts.body).digest("hex"),
    parts.timestamp,
  ].join("\n");

export const hmac = (secret: string | Buffer, text: string): string =>
  createHmac("sha256", secret).update(text).digest("hex");

/** The published recipe for signing a call, in the encoding of either SDK. */
export function signedCall(
  owner: Project,
  ask: {
    sdk?: Sdk;
    method?: "GET" | "POST";
    /** After the project's own path; what `code` names is put in encoded. */
    path?: string;
    code?: string;
    projectId?: string;
    query?: Record<string, string | number>;
    body?: Readonly<Record<string, unknown>>;
    at: number;
  },
): Sent {
  const { query: encode, code: encodeCode, wire, json } = encoders[ask.sdk ?? "python"];
  const method = ask.method ?? (ask.body ? "POST" : "GET");
  const code = ask.code === undefined ? "" : `/codes/by-code/${encodeCode(ask.code)}`;
  const path = `/api/v1/projects/${ask.projectId ?? owner.projectId}${ask.path ?? ""}${code}`;
  const pairs = Object.entries(ask.query ?? {}).map(
    ([k, v]) => `${encode(k)}=${encode(String(v))}`,
  );
  const body = ask.body ? json(ask.body) : "";
  const timestamp = String(Math.floor(ask.at / 1000));
  const text = stringToSign({ method, path, query: pairs.toSorted().join("&"), body, timestamp });
  const sent = ask.sdk === "javascript" ? pairs.toSorted() : pairs;
  return {
    method,
    path,
    query: sent.length > 0 ? `?${wire(sent.join("&"))}` : "",
    headers: {
      "X-API-Key": owner.apiKey,
      "X-Timestamp": timestamp,
      "X-Signature": hmac(owner.secret, text),
      ...(ask.sdk === "javascript" && !body ? {} : { "Content-Type": "application/json" }),
    },
    ...(body ? { body } : {}),
  };
}
