import type { LookupFunction } from "node:net";
import { createPost } from "../../functions/src/events/send.ts";
import { urlProblem } from "../../functions/src/events/url.ts";
import { closeReceivers, receive } from "../support/receiver.ts";

afterEach(closeReceivers);

const ask = (url: string) => ({ url, headers: { "X-Test": "1" }, body: '{"a":"é"}' });
const post = createPost({ allowLoopback: true });
const hasty = createPost({ allowLoopback: true, timeoutMs: 60 });

const PRIVATE = "must not lead to a private address";
test.each<readonly [string, string | undefined]>([
  ["https://hooks.example.com/a?b=c", undefined],
  ["https://93.184.215.14:8443/", undefined],
  ["https://[2606:4700::1111]/", undefined],
  ["not a url", "must be a URL"],
  ["http://hooks.example.com/", "must begin with https://"],
  ["ftp://hooks.example.com/", "must begin with https://"],
  ["https://user:pw@hooks.example.com/", "must not hold a user name or password"],
  ["https://user@hooks.example.com/", "must not hold a user name or password"],
  ["https://hooks.example.com/#a", "must not have a fragment"],
  [`https://hooks.example.com/${"a".repeat(2_048)}`, "must not be longer than 2048 characters"],
  ...[
    "10.0.0.1",
    "172.16.9.9",
    "192.168.1.1",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::a00:1]",
    "[::10.0.0.1]",
    "[2002:a00:1::]",
    "localhost",
    "localhost.",
    "a.localhost",
    "metadata.google.internal",
    "printer.local",
  ].map((host) => [`https://${host}/`, PRIVATE] as const),
])("deployed, %s: %s", (url, problem) => {
  expect(urlProblem(url, { allowLoopback: false })).toBe(problem);
});

test.each<readonly [string, string | undefined]>([
  ["http://127.0.0.1:9000/x", undefined],
  ["http://localhost:9000/", undefined],
  ["http://[::1]/", undefined],
  ["http://192.168.1.1/", "must begin with https://"],
  ["https://192.168.1.1/", PRIVATE],
])("locally, %s: %s", (url, problem) => {
  expect(urlProblem(url, { allowLoopback: true })).toBe(problem);
});

test("2xx is success, with the bytes and headers as given", async () => {
  const receiver = await receive();
  expect(await post(ask(receiver.url))).toEqual({ status: 200, error: null });
  const [got] = receiver.requests;
  expect(got).toMatchObject({ method: "POST", body: '{"a":"é"}' });
  expect(got?.headers).toMatchObject({ "x-test": "1", "content-length": "10" });
});

test("a redirect is a failure and is not followed", async () => {
  const target = await receive();
  const receiver = await receive((_, response) =>
    response.writeHead(307, { Location: target.url }).end(),
  );
  const error = "answered 307: redirects are not followed";
  expect(await post(ask(receiver.url))).toEqual({ status: 307, error });
  expect(target.requests).toEqual([]);
});

test("500 is a failure", async () => {
  const receiver = await receive((_, response) => response.writeHead(500).end("no"));
  expect(await post(ask(receiver.url))).toEqual({ status: 500, error: "answered 500" });
});

test("who does not answer, or never comes to an end, is given up on", async () => {
  const silent = await receive(() => {});
  const error = "no whole answer within 0.06 seconds";
  expect(await hasty(ask(silent.url))).toEqual({ status: null, error });
  const dripping = await receive((_, response) => void response.writeHead(200).write("x"));
  expect((await hasty(ask(dripping.url))).error).toBe(error);
});

test("of an endless answer no more than 4 KiB is waited for", async () => {
  let closed: () => void;
  const hungUp = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const receiver = await receive((_, response) => {
    response.on("close", () => closed());
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(1_000)));
    };
    response.on("drain", more);
    more();
  });
  expect(await post(ask(receiver.url))).toEqual({ status: 200, error: null });
  await hungUp;
});

test("a refused connection says so", async () => {
  const { url } = await receive();
  await closeReceivers();
  expect(await post(ask(url))).toEqual({ status: null, error: "no answer: ECONNREFUSED" });
});

test("a name that leads to a private address is refused, also when only one of its addresses is", async () => {
  const refused = { status: null, error: "the host leads to a private address" };
  for (const addresses of [["169.254.169.254"], ["93.184.215.14", "10.0.0.1"], ["127.0.0.1"]]) {
    const lookup = answering(addresses);
    const send = createPost({ allowLoopback: false, lookup });
    expect(await send(ask("https://hooks.example.com/"))).toEqual(refused);
  }
});

test("the connection goes to the address that was looked at: the name is resolved once", async () => {
  const receiver = await receive();
  let asked = 0;
  const lookup: LookupFunction = (name, options, done) => {
    asked += 1;
    answering([asked === 1 ? "127.0.0.1" : "169.254.169.254"])(name, options, done);
  };
  const send = createPost({ allowLoopback: true, lookup });
  const url = receiver.url.replace("127.0.0.1", "a.localhost");
  expect(await send(ask(url))).toEqual({ status: 200, error: null });
  expect(asked).toBe(1);
});

const answering =
  (addresses: string[]): LookupFunction =>
  (_, __, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
