import { proxgateKey } from "./proxgate.ts";
import { type Json, type Reply, send, type World } from "./world.ts";

/** A key for ProxGate's paths; its account may ask as often as this test likes. */
export async function wordpressKey(world: World, terms: Json = {}): Promise<string> {
  const creatorId = String(terms["creatorId"] ?? "default");
  await world.admin("updateAccount", { creatorId, plan: "enterprise" });
  return proxgateKey(world, terms);
}

export type WordPress = (
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Reply>;

/** A WordPress plugin that has that key. */
export const wordpress =
  (world: World, apiKey: string): WordPress =>
  async (path, body, headers = { "x-api-key": apiKey }) => {
    const reply = await send(world.url, `api/v1/wordpress/${path}`, body, { headers });
    await world.settled();
    return reply;
  };

/** The token of a site that registers. */
export async function registeredToken(ask: WordPress, more: Json = {}): Promise<string> {
  const reply = await ask("register", { site_url: "https://example.com", ...more });
  if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
  return String(reply.body["site_token"]);
}
