import { generateKeyPairSync, verify } from "node:crypto";
import { generatePair, type PemPair, rootSign } from "../../functions/src/crypto/signing-keys.ts";
import { auditEntries, keyrings } from "../../functions/src/store/collections.ts";
import {
  ADMIN_SECRET,
  type Json,
  MINUTE,
  machine,
  openWorld,
  type World,
} from "../support/world.ts";

let world: World;
let root: PemPair;
let signing: PemPair;
let stranger: PemPair;
beforeAll(async () => {
  [root, signing, stranger] = await Promise.all([generatePair(), generatePair(), generatePair()]);
});
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const rotate = (body: Json = {}, more: Record<string, string> = {}) =>
  world.call("rotateSigningKey", body, { headers: { "x-admin-secret": ADMIN_SECRET, ...more } });
const certificate = async () =>
  (await world.call("getSigningKey", undefined, { method: "GET" })).body as Record<string, string>;
const jwksKids = async () => {
  const { body } = await world.call("jwks", undefined, { method: "GET" });
  return (body["keys"] as { kid: string }[]).map(({ kid }) => kid);
};
const stored = async () => {
  const keyring = await world.store.get(keyrings, "signing");
  if (!keyring) throw new Error("no keyring");
  return keyring;
};
const chained = ({ publicKey, rootSignature, rootPublicKey }: Record<string, string>) =>
  verify(
    "sha256",
    Buffer.from(String(publicKey)),
    String(rootPublicKey),
    Buffer.from(String(rootSignature), "base64"),
  );
/** The signing pair as the holder of the root certifies it. */
const certified = (by = root): Json => ({
  privateKey: signing.privateKey,
  rootSignature: rootSign(by.privateKey, signing.publicKey),
  rootPublicKey: by.publicKey,
});
const asJson = (value: unknown) => JSON.stringify(value);

test("200 the new key is published at once and signs ten minutes later, under the same root", async () => {
  const license = await world.license();
  const { token } = (await world.call("activate", machine(license, "a"))).body;
  const before = await certificate();
  const { status, body } = await rotate();
  expect([status, body]).toEqual([
    200,
    {
      success: true,
      kid: expect.any(String),
      activeAt: new Date(world.clock.now() + 10 * MINUTE).toISOString(),
    },
  ]);
  expect(await jwksKids()).toEqual([body["kid"], before["kid"]]);
  expect(await certificate()).toEqual(before);
  world.clock.advance(10 * MINUTE);
  const after = await certificate();
  expect(after["kid"]).toBe(body["kid"]);
  expect(after["rootPublicKey"]).toBe(before["rootPublicKey"]);
  expect(chained(after)).toBe(true);
  const session = { licenseKey: license, machineFingerprint: "fp-a", token };
  expect((await world.call("validate", session)).status).toBe(200);
});

test("200 it is audited under the service itself, without key material", async () => {
  const { body } = await rotate({ ...certified(), replaceRoot: true });
  const { items } = await world.store.query(auditEntries, "byAccount", {
    equal: { accountId: "_service" },
    limit: 9,
  });
  expect(items).toMatchObject([
    { action: "signingKey.rotate", targetId: body["kid"], actor: { kind: "administrator" } },
  ]);
  const { keys } = await stored();
  for (const said of [asJson(items), asJson(world.logs), asJson(body)]) {
    expect(said).not.toContain("PRIVATE");
    for (const key of keys) expect(said).not.toContain(key.privateKeySealed);
  }
  const names = ["_service", "-service"].map((creatorId) => ({ name: "k", creatorId }));
  for (const ask of names) {
    const options = { headers: { "x-admin-secret": ADMIN_SECRET } };
    expect((await world.call("createApiKey", ask, options)).status).toBe(400);
  }
});

test("200 a repeat under the same Idempotency-Key makes no second key", async () => {
  const once = { "idempotency-key": "rotation-1" };
  const first = await rotate({}, once);
  const again = await rotate({}, once);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect((await stored()).keys).toHaveLength(2);
});

test("200 a compromised key is dropped with its tokens", async () => {
  const license = await world.license();
  const { token } = (await world.call("activate", machine(license, "a"))).body;
  const { body } = await rotate({ immediately: true, revoke: true });
  expect(await jwksKids()).toEqual([body["kid"]]);
  const session = { licenseKey: license, machineFingerprint: "fp-a", token };
  expect(await world.call("validate", session)).toMatchObject({
    status: 401,
    body: { code: "TOKEN_INVALID" },
  });
  const fresh = (await world.call("activate", machine(license, "a"))).body["token"];
  expect((await world.call("validate", { ...session, token: fresh })).status).toBe(200);
});

test("200 an external root replaces the service's, whose private half is forgotten", async () => {
  const before = await certificate();
  const { status, body } = await rotate({ ...certified(), replaceRoot: true });
  expect(status).toBe(200);
  expect((await stored()).rootPrivateKeySealed).toBeNull();
  const waiting = await certificate();
  expect(waiting).toEqual(before);
  expect(chained(waiting)).toBe(true);
  world.clock.advance(10 * MINUTE);
  const after = await certificate();
  expect(after).toMatchObject({ kid: body["kid"], rootPublicKey: root.publicKey });
  expect(chained(after)).toBe(true);
  const activated = await world.call("activate", machine(await world.license(), "a"));
  expect(activated.status).toBe(200);
});

test("409 with the root kept elsewhere, only what it certified is taken", async () => {
  await rotate({ ...certified(), replaceRoot: true });
  expect(await rotate()).toMatchObject({ status: 409, body: { code: "ROOT_KEY_OFFLINE" } });
  const next = await generatePair();
  const rootSignature = rootSign(root.privateKey, next.publicKey);
  const { status } = await rotate({ privateKey: next.privateKey, rootSignature });
  expect(status).toBe(200);
  expect((await stored()).keys).toHaveLength(3);
});

test("a bad certificate changes nothing", async () => {
  const before = await stored();
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const pem = (key: typeof small) => key.export({ type: "pkcs8", format: "pem" }).toString();
  const locked = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
  const encrypted = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(locked);
  const good = { ...certified(), replaceRoot: true };
  const cases: [Json, number, string, string][] = [
    [{ ...good, privateKey: "nonsense" }, 400, "SIGNING_KEY_INVALID", "privateKey"],
    [{ ...good, privateKey: signing.publicKey }, 400, "SIGNING_KEY_INVALID", "privateKey"],
    [{ ...good, privateKey: pem(small) }, 400, "SIGNING_KEY_INVALID", "privateKey"],
    [{ ...good, privateKey: pem(curve) }, 400, "SIGNING_KEY_INVALID", "privateKey"],
    [{ ...good, privateKey: encrypted }, 400, "SIGNING_KEY_INVALID", "privateKey"],
    [{ ...good, rootPublicKey: "nonsense" }, 400, "SIGNING_KEY_INVALID", "rootPublicKey"],
    [{ ...good, rootPublicKey: root.privateKey }, 400, "SIGNING_KEY_INVALID", "rootPublicKey"],
    [{ ...good, privateKey: stranger.privateKey }, 400, "ROOT_SIGNATURE_INVALID", "rootSignature"],
    [{ ...good, rootPublicKey: stranger.publicKey }, 400, "ROOT_SIGNATURE_INVALID", "root"],
    [{ ...good, rootSignature: "AAAA" }, 400, "ROOT_SIGNATURE_INVALID", "rootSignature"],
    [{ ...good, rootSignature: "?" }, 400, "INVALID_REQUEST", "rootSignature"],
    [certified(), 409, "ROOT_KEY_MISMATCH", "rootPublicKey"],
    [{ ...good, rootPublicKey: undefined }, 400, "INVALID_REQUEST", "replaceRoot"],
    [{ privateKey: signing.privateKey }, 400, "INVALID_REQUEST", "rootSignature"],
    [{ rootSignature: "AAAA" }, 400, "INVALID_REQUEST", "rootSignature"],
    [{ replaceRoot: true }, 400, "INVALID_REQUEST", "replaceRoot"],
    [{ rootPublicKey: root.publicKey }, 400, "INVALID_REQUEST", "rootPublicKey"],
    [{ revoke: true }, 400, "INVALID_REQUEST", "immediately"],
    [{ revokeKid: "x" }, 400, "INVALID_REQUEST", "immediately"],
    [{ immediately: true, revokeKid: "x" }, 404, "SIGNING_KEY_NOT_FOUND", "revokeKid"],
    [{ immediatly: true }, 400, "INVALID_REQUEST", "immediatly"],
  ];
  for (const [ask, status, code, named] of cases) {
    const reply = await rotate(ask);
    expect([code, reply.status, reply.body]).toEqual([
      code,
      status,
      expect.objectContaining({ code, error: expect.stringContaining(named) }),
    ]);
    expect(asJson(reply.body)).not.toContain("PRIVATE");
  }
  expect(await stored()).toEqual(before);
});

test("409 the same pair twice", async () => {
  await rotate({ ...certified(), replaceRoot: true });
  expect(await rotate(certified())).toMatchObject({
    status: 409,
    body: { code: "SIGNING_KEY_TAKEN" },
  });
});

test("403 an API key may not rotate the service's keys", async () => {
  const { apiKey } = await world.admin("createApiKey", { name: "k" });
  expect(await world.call("rotateSigningKey", { apiKey })).toMatchObject({
    status: 403,
    body: { code: "FORBIDDEN" },
  });
});
