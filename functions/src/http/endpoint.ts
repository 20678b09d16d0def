import { type HttpsFunction, onRequest } from "firebase-functions/https";
import type * as z from "zod";
import type { SecretName } from "../config.ts";
import { WEBHOOK_SECRETS } from "../config.ts";
import type { Scope } from "../core/api-keys.ts";
import type { Refusal, RefusalCode } from "../core/decision.ts";
import type { Provider } from "../core/payments.ts";
import type { Deps } from "../operations/deps.ts";
import type { Principal } from "../operations/principal.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";
import { replyUnready } from "./conduct.ts";
import type { Problem } from "./problem.ts";
import type { EdgeRequest, Received, WebhookCredentials } from "./request.ts";
import { outwardly, serve } from "./serve.ts";
import type { Surface } from "./surface.ts";

const STREAM_TIMEOUT_SECONDS = 3_600;

type Common<I extends z.ZodType, O extends z.ZodType> = {
  /** The function's deployed name. */
  readonly name: string;
  readonly methods: readonly ("GET" | "POST")[];
  readonly summary: string;
  readonly description?: string;
  /** A retry under the same `Idempotency-Key` must not change anything twice. */
  readonly mutates: boolean;
  /** Seconds a shared cache may keep the answer; without it, none may. */
  readonly cacheSeconds?: number;
  /** What an answer that is `Streamed` holds, by content type; it may take an hour. */
  readonly streams?: Readonly<Record<string, z.ZodType>>;
  readonly surface: Surface;
  /** Every refusal its operation may return, in the order they are checked. */
  readonly refusals: readonly RefusalCode[];
  readonly input: I;
  readonly output: O;
};

/** For anybody; where a license key is the credential, it is in the input. */
type PublicSpec<I extends z.ZodType, O extends z.ZodType> = Common<I, O> & {
  readonly access: "public";
  readonly handle: (deps: Deps, input: z.output<I>) => Promise<z.input<O> | Refusal>;
};

type Guarded<I extends z.ZodType, O extends z.ZodType> = Common<I, O> & {
  readonly handle: (
    deps: Deps,
    input: z.output<I>,
    principal: Principal,
  ) => Promise<z.input<O> | Refusal>;
};

/** For the admin secret and for API keys. */
type AdminSpec<I extends z.ZodType, O extends z.ZodType> = Guarded<I, O> & {
  readonly access: "admin";
  /** What an API key that lists its scopes must list. */
  readonly scope: Scope;
  /** Reaches beyond any product, so that a product-bound key is turned away. */
  readonly accountWide?: true;
};

/** For the admin secret alone. */
type AdministratorSpec<I extends z.ZodType, O extends z.ZodType> = Guarded<I, O> & {
  readonly access: "administrator";
};

/** For a payment provider: the bytes of the request prove where it comes from. */
type WebhookSpec<I extends z.ZodType, O extends z.ZodType> = Common<I, O> & {
  readonly access: "webhook";
  readonly provider: Provider;
  /** What it answers to a request that does not prove where it comes from. */
  readonly unproven: readonly Problem[];
  /** Content types that it reads, where JSON is not the only one. */
  readonly reads?: readonly string[];
  readonly handle: (
    deps: Deps,
    received: Received,
    ours: WebhookCredentials,
  ) => Promise<z.input<O> | Refusal>;
};

export type EndpointSpec<I extends z.ZodType, O extends z.ZodType> =
  | PublicSpec<I, O>
  | WebhookSpec<I, O>
  | AdminSpec<I, O>
  | AdministratorSpec<I, O>;

// biome-ignore lint/suspicious/noExplicitAny: where endpoints of every shape meet
export type AnyEndpointSpec = EndpointSpec<any, any>;

export type Endpoint = HttpsFunction & { readonly spec: AnyEndpointSpec };

function secretsOf(spec: AnyEndpointSpec): readonly SecretName[] {
  if (spec.access === "public") return [];
  return [spec.access === "webhook" ? WEBHOOK_SECRETS[spec.provider] : "ADMIN_SECRET"];
}

/** Turns a description into a deployable HTTPS function. */
export function defineEndpoint<I extends z.ZodType, O extends z.ZodType>(
  spec: EndpointSpec<I, O>,
): Endpoint {
  const deployed = onRequest(
    {
      invoker: "public",
      memory: "256MiB",
      ...(spec.streams ? { timeoutSeconds: STREAM_TIMEOUT_SECONDS } : {}),
      secrets: boundSecrets(secretsOf(spec)),
    },
    async (request, response) => {
      const edge = await liveEdge().catch((error: unknown) => {
        replyUnready(outwardly(spec), error, response);
      });
      if (edge) await serve(spec, edge, request as EdgeRequest, response);
    },
  );
  return Object.assign(deployed, { spec });
}
