import * as z from "zod";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import type { AnyEndpointSpec } from "../functions/src/http/endpoint.ts";
import { type ProblemCode, problemStatus } from "../functions/src/http/problem.ts";
import { csvExample, exampleOf, problemExamples } from "./openapi-examples.ts";

const DESCRIPTION = `A software-licensing server. Client functions take the license key as their credential; admin
functions take \`adminSecret\` (body or header \`X-Admin-Secret\`) or an API key (body or query \`apiKey\`, header
\`X-API-Key\`). Each of these that changes something accepts \`Idempotency-Key\`: for 24 hours a retry gets the first
answer, marked \`Idempotent-Replayed: true\`. Instants are ISO 8601.`;

const failure = z
  .object({
    success: z.literal(false).optional(),
    valid: z
      .literal(false)
      .optional()
      .meta({ description: "In place of `success` where 200 says `valid`." }),
    error: z.string().meta({ description: "For people." }),
    code: z.string().meta({ description: "For programs." }),
    details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    retryAfterSeconds: z.int().optional(),
    requestId: z
      .string()
      .optional()
      .meta({ description: "In 5xx answers: quote it to the operator." }),
  })
  .meta({ id: "Failure" });

/** The OpenAPI description of the exported functions: their schemas are their contract. */
export function openApiDocument(specs: readonly AnyEndpointSpec[]) {
  const paths = Object.fromEntries(
    [...specs]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((spec) => [
        `/${spec.name}`,
        Object.fromEntries(
          spec.methods.map((method) => [method.toLowerCase(), operation(spec, method)]),
        ),
      ]),
  );
  return createDocument({
    openapi: "3.1.1",
    info: { title: "Latchkey", version: "1", description: DESCRIPTION.replaceAll("\n", " ") },
    servers: [
      { url: "http://127.0.0.1:8787", description: "`npm start`" },
      {
        url: "https://us-central1-{project}.cloudfunctions.net",
        description: "Deployed",
        variables: { project: { default: "demo-latchkey", description: "The Firebase project." } },
      },
    ],
    paths,
    components: {
      securitySchemes: {
        adminSecret: { type: "apiKey", in: "header", name: "X-Admin-Secret" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        apiKeyInQuery: { type: "apiKey", in: "query", name: "apiKey" },
      },
    },
  });
}

const TAGS = {
  public: "Client",
  webhook: "Payments",
  admin: "Admin",
  administrator: "Admin",
} as const satisfies Record<AnyEndpointSpec["access"], string>;

function operation(spec: AnyEndpointSpec, method: "GET" | "POST"): ZodOpenApiOperationObject {
  const security = {
    public: [],
    webhook: [],
    admin: [{ adminSecret: [] }, { apiKey: [] }, { apiKeyInQuery: [] }],
    administrator: [{ adminSecret: [] }],
  }[spec.access];
  const takesInput = Object.keys(spec.input.shape).length > 0;
  return {
    operationId: spec.methods.length > 1 ? `${spec.name}By${method}` : spec.name,
    summary: spec.summary,
    ...description(spec),
    tags: [TAGS[spec.access]],
    security,
    ...(method === "GET" && takesInput ? { requestParams: { query: spec.input } } : {}),
    ...(spec.mutates
      ? {
          requestParams: {
            header: z.object({ "Idempotency-Key": z.string().max(255).optional() }),
          },
        }
      : {}),
    ...(method === "POST"
      ? {
          requestBody: {
            required: !spec.input.safeParse({}).success,
            content: Object.fromEntries(
              (("reads" in spec && spec.reads) || ["application/json"]).map((type) => [
                type,
                { schema: bodyOf(spec), example: exampleOf(spec.input, "input") },
              ]),
            ),
          },
        }
      : {}),
    responses: {
      "200": { description: "Done.", content: contentOf(spec) },
      ...failures(spec),
    },
  };
}

const CREDENTIALS = {
  adminSecret: z.string().optional().meta({ description: "In place of the header." }),
  apiKey: z.string().optional().meta({ description: "In place of the header." }),
};

/** The input as a body may bring it: with a credential, where one is asked for. */
function bodyOf({ access, input }: AnyEndpointSpec): z.ZodType {
  const { adminSecret } = CREDENTIALS;
  if (access !== "admin" && access !== "administrator") return input;
  return input
    .safeExtend(access === "admin" ? CREDENTIALS : { adminSecret })
    .meta({ ...input.meta() });
}

function description(spec: AnyEndpointSpec): { description?: string } {
  const credential =
    spec.access === "admin"
      ? `An API key with scopes needs \`${spec.scope}\`${spec.accountWide ? "; a product-bound one is refused" : ""}.`
      : undefined;
  const sentences = [spec.description, credential].filter((sentence) => sentence !== undefined);
  return sentences.length > 0 ? { description: sentences.join(" ") } : {};
}

function contentOf(spec: AnyEndpointSpec) {
  const contents: Readonly<Record<string, z.ZodType>> = spec.streams ?? {
    "application/json": spec.output,
  };
  const json = exampleOf(contents["application/json"] ?? z.never(), "output");
  return Object.fromEntries(
    Object.entries(contents).map(([type, schema]) => [
      type,
      { schema, example: type === "text/csv" ? csvExample(json) : json },
    ]),
  );
}

const isGuarded = ({ access }: AnyEndpointSpec): boolean =>
  access === "admin" || access === "administrator";

/** One response a status: its codes, and what the function's own refusals look like. */
function failures(spec: AnyEndpointSpec): ZodOpenApiResponsesObject {
  const problems: ProblemCode[] = [
    ...(spec.access === "webhook"
      ? spec.unproven.map(({ code }) => code)
      : (["INVALID_REQUEST"] as const)),
    ...(isGuarded(spec) ? (["UNAUTHENTICATED", "FORBIDDEN"] as const) : []),
    "METHOD_NOT_ALLOWED",
    ...(spec.mutates ? (["IDEMPOTENCY_KEY_REUSED"] as const) : []),
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_ENCODING",
    "TOO_MANY_FAILURES",
    "INTERNAL",
    "STORE_UNAVAILABLE",
  ];
  const refusals = spec.refusals.map((code) => {
    const limit = code.endsWith("LIMIT_REACHED") ? { limit: 3 } : {};
    return { code, ...spec.surface.refusal({ ok: false, code, ...limit }) };
  });
  const shown = problemExamples(spec);
  const byStatus = Map.groupBy<number, { status: number; code: string; body?: unknown }>(
    [
      ...refusals,
      ...problems.map((code) => ({
        code,
        status: problemStatus[code],
        ...shown.find((example) => example.code === code),
      })),
    ],
    ({ status }) => status,
  );
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, answers]) => [String(status), response(answers)]),
  ) as ZodOpenApiResponsesObject;
}

function response(answers: readonly { code: string; body?: unknown }[]): ZodOpenApiResponseObject {
  const shown = answers.filter(({ body }) => body !== undefined);
  const examples = Object.fromEntries(shown.map(({ code, body }) => [code, { value: body }]));
  return {
    description: answers.map(({ code }) => code).join(", "),
    content: {
      "application/json": { schema: failure, ...(shown.length > 0 ? { examples } : {}) },
    },
  };
}
