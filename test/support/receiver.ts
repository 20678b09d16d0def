import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

type Received = { method: string; headers: IncomingHttpHeaders; body: string };

export type Receiver = { readonly url: string; readonly requests: Received[] };

const open = new Set<Server>();

/** Somebody on loopback who gets events; answers 200 unless told otherwise. */
export async function receive(
  answer: (request: Received, response: ServerResponse) => unknown = (_, response) =>
    response.end("ok"),
): Promise<Receiver> {
  const requests: Received[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const { method = "", headers } = request;
    const received = { method, headers, body: await text(request) };
    requests.push(received);
    answer(received, response);
  });
  open.add(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, requests };
}

export async function closeReceivers(): Promise<void> {
  await Promise.all(
    [...open].map((server) => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    }),
  );
  open.clear();
}
