import type { Reply, World } from "./world.ts";
import { machine } from "./world.ts";

/** Whoever answers requests: a world, or a server process. */
export type Client = Pick<World, "call" | "admin">;

/** How often a request that met a busy store is sent again. */
export type Patience = { readonly retries: number };

type Ask = { readonly client: Client; readonly name: string; readonly body: unknown };

/** The answer, after as many 503s as the patience allows. */
async function answerOf(ask: Ask, { retries }: Patience): Promise<Reply> {
  const reply = await ask.client.call(ask.name, ask.body);
  if (reply.status !== 503) return reply;
  expect(reply.body["code"]).toBe("STORE_UNAVAILABLE");
  expect(reply.headers.get("retry-after")).toBe("1");
  expect(retries).toBeGreaterThan(0);
  return answerOf(ask, { retries: retries - 1 });
}
