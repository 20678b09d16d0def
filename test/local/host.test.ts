import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { createHost, type Handler } from "../../functions/src/local/host.ts";

const verify: Handler = (request, response) => {
  response.end(JSON.stringify({ method: request.method, url: request.url }));
};

let server: Server;
let url: string;
beforeAll(async () => {
  server = createHost(new Map([["verify", verify]]));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((closed) => server.close(closed));
});

test.each([
  ["/verify", "GET"],
  ["/verify/", "POST"],
  ["/verify?a=1/2", "GET"],
  ["/verify/?a=%2F", "OPTIONS"],
])("%s is the function's, whatever the method", async (path, method) => {
  const response = await fetch(url + path, { method });
  expect(await response.json()).toEqual({ method, url: path });
});

test.each(["/health", "/health/", "/health?probe=1"])(
  "%s says that the server runs",
  async (path) => {
    const response = await fetch(url + path);
    expect([response.status, await response.text()]).toEqual([200, '{"ok":true}']);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  },
);

test.each([
  "/",
  "//",
  "/Verify",
  "/verify/more",
  "//verify",
  "/verify%2F",
  "/constructor",
  "/__proto__",
  "/?verify",
  '/a"b',
  `/${"a".repeat(5_000)}`,
])("there is no function at %s: 404 as JSON", async (path) => {
  const response = await fetch(url + path, { method: "POST", body: "{}" });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const body = (await response.json()) as { error: string };
  expect(body).toEqual({
    success: false,
    error: expect.stringMatching(/^There is no function at "/),
    code: "NOT_FOUND",
  });
  expect(body.error.length).toBeLessThan(150);
});

test("connections outlive the idle time of proxies", () => {
  expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
});

test("slow senders do not hold connections, unless what they send is taken as it comes", async () => {
  const taking: Handler = (incoming, response) => {
    Object.assign(incoming, { unhurried: true });
    incoming.resume().on("end", () => response.end("taken"));
  };
  const reading: Handler = (incoming) => incoming.resume();
  const patience = { requestTimeoutMs: 50, checkEveryMs: 10 };
  const hurried = createHost(new Map(Object.entries({ taking, reading })), new Map(), patience);
  await new Promise<void>((listening) => hurried.listen(0, "127.0.0.1", listening));
  const { port } = hurried.address() as AddressInfo;
  const begin = (name: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(
      `POST /${name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{`,
    );
    return { socket, heard: text(socket) };
  };
  const taken = begin("taking");
  expect(await begin("reading").heard).toMatch(/^HTTP\/1\.1 408 /);
  taken.socket.write("}");
  expect(await taken.heard).toMatch(/^HTTP\/1\.1 200 .*taken/s);
  hurried.closeAllConnections();
  await new Promise((closed) => hurried.close(closed));
});
