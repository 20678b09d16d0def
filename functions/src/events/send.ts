import { lookup as resolve } from "node:dns";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { mayReach } from "./addresses.ts";
import { urlProblem } from "./url.ts";

export type Posted = {
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Why it is no success. */
  readonly error: string | null;
};

export type Post = (ask: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<Posted>;

type Options = {
  readonly allowLoopback: boolean;
  /** For the whole exchange. */
  readonly timeoutMs?: number;
  readonly lookup?: LookupFunction;
};

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 4_096;

class RefusedAddress extends Error {}

/** Sends to receivers that anybody may have named: nothing of theirs is trusted. */
export function createPost(options: Options): Post {
  const { timeoutMs = TIMEOUT_MS } = options;
  const lookup = guarded(options);
  return ({ url, headers, body }) =>
    new Promise((done) => {
      const problem = urlProblem(url, options);
      if (problem) return done({ status: null, error: `the URL ${problem}` });
      const target = new URL(url);
      const send = target.protocol === "https:" ? secureRequest : plainRequest;
      const request = send(target, {
        method: "POST",
        headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) },
        // A connection of its own: a kept one may be dead, and says so only by a failure.
        agent: false,
        lookup,
      });
      let status: number | null = null;
      const finish = (error: string | null) => {
        clearTimeout(timer);
        request.destroy();
        done({ status, error });
      };
      const timer = setTimeout(
        () => finish(`no whole answer within ${timeoutMs / 1000} seconds`),
        timeoutMs,
      );
      request.on("error", (error) => finish(reasonOf(error)));
      request.on("response", (response) => {
        status = response.statusCode ?? null;
        const verdict = verdictOf(status ?? 0);
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes >= MAX_ANSWER_BYTES) finish(verdict);
        });
        response.on("end", () => finish(verdict));
        response.on("error", (error) => finish(reasonOf(error)));
      });
      request.end(body);
    });
}

/** Connects to the very addresses that were looked at: a second answer could be another one. */
function guarded({ allowLoopback, lookup = resolve }: Options): LookupFunction {
  return (name, options, done) =>
    lookup(name, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === "string" ? [] : (found ?? []);
      const [first] = addresses;
      if (error || !first) return done(error ?? new Error("ENOTFOUND"), []);
      if (!addresses.every(({ address }) => mayReach(address, { allowLoopback }))) {
        return done(new RefusedAddress(), []);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
}

function verdictOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  const redirect = status >= 300 && status < 400;
  return redirect ? `answered ${status}: redirects are not followed` : `answered ${status}`;
}

function reasonOf(error: Error & { code?: string }): string {
  if (error instanceof RefusedAddress) return "the host leads to a private address";
  return `no answer: ${error.code ?? "the connection broke"}`;
}
