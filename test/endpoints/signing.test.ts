import { createPublicKey, verify } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("200 the certificate is signed by the root key, and signs the tokens", async () => {
  const { body, headers } = await world.call("getSigningKey", undefined, { method: "GET" });
  expect(body).toEqual({
    success: true,
    kid: expect.any(String),
    alg: "RS256",
    publicKey: expect.stringContaining("BEGIN PUBLIC KEY"),
    rootSignature: expect.any(String),
    rootPublicKey: expect.stringContaining("BEGIN PUBLIC KEY"),
  });
  expect(headers.get("cache-control")).toBe("no-store");
  const { publicKey, rootPublicKey, rootSignature } = body as Record<string, string>;
  const signature = Buffer.from(String(rootSignature), "base64");
  expect(verify("sha256", Buffer.from(String(publicKey)), String(rootPublicKey), signature)).toBe(
    true,
  );

  const activated = await world.call("activate", machine(await world.license(), "a"));
  const options = { currentDate: new Date(world.clock.now()) };
  const token = String(activated.body["token"]);
  const { protectedHeader } = await jwtVerify(token, createPublicKey(String(publicKey)), options);
  expect(protectedHeader.kid).toBe(body["kid"]);
});

test("200 the certificate is the same by POST, as other functions for clients are called", async () => {
  const got = await world.call("getSigningKey", undefined, { method: "GET" });
  expect(await world.call("getSigningKey", {})).toMatchObject({ status: 200, body: got.body });
});

test("200 jwks is a standard key set that a standard client verifies with", async () => {
  const activated = await world.call("activate", machine(await world.license(), "a"));
  const keys = createRemoteJWKSet(new URL(`${world.url}/jwks`));
  const { payload } = await jwtVerify(String(activated.body["token"]), keys, {
    algorithms: ["RS256"],
    currentDate: new Date(world.clock.now()),
  });
  expect(payload["machineFingerprint"]).toBe("fp-a");
  const { body } = await world.call("jwks", undefined, { method: "GET" });
  expect(body).toEqual({
    keys: [
      {
        kty: "RSA",
        use: "sig",
        alg: "RS256",
        kid: expect.any(String),
        n: expect.any(String),
        e: "AQAB",
      },
    ],
  });
});
