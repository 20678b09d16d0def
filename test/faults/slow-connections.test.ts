import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createHost } from "../../functions/src/local/host.ts";
import { send } from "../support/world.ts";

const SLOW = 1_000;

test("1,000 connections that send a request byte by byte hold nobody up, and are dropped in time", async () => {
  const server = createHost(
    new Map([["verify", (request, response) => request.pipe(response)]]),
    new Map(),
    { requestTimeoutMs: 3_000, checkEveryMs: 200 },
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;

  const body = "POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{";
  const sockets: Socket[] = [];
  const dropped: Promise<unknown>[] = [];
  for (let each = 0; each < SLOW; each++) {
    const socket = connect(port, "127.0.0.1");
    // Half of them do not even end their headers.
    socket.write(each % 2 === 0 ? body : body.slice(0, 30));
    socket.on("error", () => {});
    socket.resume();
    dropped.push(once(socket, "close"));
    sockets.push(socket);
  }
  await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, "connect") : null)));
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write("x");
  }, 100);

  const ask = (each: number) => send(`http://127.0.0.1:${port}`, "verify", { each });
  const replies = await Promise.all(Array.from({ length: 50 }, (_, each) => ask(each)));
  for (const reply of replies) expect(reply.status).toBe(200);
  expect(sockets.filter((socket) => !socket.closed).length).toBe(SLOW);

  await Promise.all(dropped);
  clearInterval(drip);
  expect((await ask(0)).status).toBe(200);
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});
