import { type CallOptions, type Json, type Reply, send, type World } from "./world.ts";

/** A new key for the ProxGate paths. */
export async function proxgateKey(world: Pick<World, "admin">, terms: Json = {}): Promise<string> {
  const made = await world.admin("createApiKey", { name: "site", kind: "proxgate", ...terms });
  return String(made["apiKey"]);
}

/** Sends a body to `/api/v1/<path>`, and waits for what is done beside the answer. */
export async function ask(
  world: Pick<World, "url" | "settled">,
  apiKey: string,
  path: string,
  body: Json,
  options: CallOptions = {},
): Promise<Reply> {
  const headers = { authorization: `Bearer ${apiKey}`, ...options.headers };
  const reply = await send(world.url, `api/v1/${path}`, body, { ...options, headers });
  await world.settled();
  return reply;
}
