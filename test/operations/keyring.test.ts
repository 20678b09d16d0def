import { verify } from "node:crypto";
import { decodeProtectedHeader, SignJWT } from "jose";
import {
  generatePair,
  keyId,
  type PemPair,
  privateKeyOf,
  rootSign,
} from "../../functions/src/crypto/signing-keys.ts";
import { createVault } from "../../functions/src/crypto/vault.ts";
import { createKeyring } from "../../functions/src/operations/signing/keyring.ts";
import { collections, keyrings } from "../../functions/src/store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { DAY, HOUR, MINUTE, NOW, SECOND } from "../support/records.ts";

const vault = createVault({
  pepper: Buffer.alloc(32, 1),
  encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
});
const claims = { licenseKey: "key", machineFingerprint: "fp-a", productId: "prod_tools" };

let root: PemPair;
let first: PemPair;
let second: PemPair;
beforeAll(async () => {
  [root, first, second] = await Promise.all([generatePair(), generatePair(), generatePair()]);
});

let store: DocumentStore;
let time: number;
beforeEach(() => {
  store = openSqliteStore({ path: ":memory:", collections });
  time = NOW;
});
afterEach(() => store.close());

const instance = (over: DocumentStore = store) =>
  createKeyring({ store: over, vault, now: () => time });

const entry = async (pair: PemPair) => ({
  kid: await keyId(pair.publicKey),
  publicKey: pair.publicKey,
  privateKeySealed: vault.seal("signing-key", pair.privateKey),
  rootSignature: rootSign(root.privateKey, pair.publicKey),
  createdAt: time,
});

/** Puts a keyring in place by hand, the newest key first. */
async function place(...pairs: PemPair[]): Promise<void> {
  const record = {
    id: "signing",
    rootPublicKey: root.publicKey,
    rootPrivateKeySealed: null,
    keys: await Promise.all(pairs.map(entry)),
  };
  await store.commit([{ kind: "set", collection: keyrings, record }]);
}

const issue = (keyring: ReturnType<typeof instance>) =>
  keyring.issue(claims, time, time + 30 * DAY);
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

const foreignToken = async (kid: string) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid })
    .setIssuedAt(time / SECOND)
    .setExpirationTime((time + DAY) / SECOND)
    .sign(privateKeyOf(second.privateKey));

test("two instances that start at once end with the same keys and read each other's tokens", async () => {
  const [one, other] = [instance(), instance()];
  const [certificate, otherCertificate] = await Promise.all([
    one.certificate(),
    other.certificate(),
  ]);
  expect(otherCertificate).toEqual(certificate);
  expect(await other.jwks()).toEqual(await one.jwks());
  expect(await instance().certificate()).toEqual(certificate);
  expect(await other.read(await issue(one), time)).toMatchObject({ state: "valid", claims });
  expect(await one.read(await issue(other), time)).toMatchObject({ state: "valid", claims });
});

test("the first keys hang together: the root signs the signing key, private halves are sealed", async () => {
  const keyring = instance();
  const { kid, publicKey, rootSignature, rootPublicKey, ...more } = await keyring.certificate();
  expect(more).toEqual({});
  const signature = Buffer.from(rootSignature, "base64");
  expect(verify("RSA-SHA256", Buffer.from(publicKey), rootPublicKey, signature)).toBe(true);
  expect(kidOf(await issue(keyring))).toBe(kid);
  expect(await keyring.jwks()).toEqual([expect.objectContaining({ kid, alg: "RS256" })]);
  const stored = await store.get(keyrings, "signing");
  expect(JSON.stringify(stored)).not.toContain("PRIVATE KEY");
  const signing = vault.open("signing-key", String(stored?.keys[0]?.privateKeySealed));
  expect(signing).toContain("PRIVATE KEY");
  const rootKey = vault.open("signing-key", String(stored?.rootPrivateKeySealed));
  expect(rootSign(rootKey, publicKey)).toBe(rootSignature);
});

test("a rotated key signs everywhere within five minutes, and tokens of the old one still read", async () => {
  await place(first);
  const keyring = instance();
  const old = await issue(keyring);
  await place(second, first);
  time += 5 * MINUTE;
  const fresh = await issue(keyring);
  expect(kidOf(fresh)).toBe(await keyId(second.publicKey));
  expect((await keyring.jwks()).map(({ kid }) => kid)).toEqual([kidOf(fresh), kidOf(old)]);
  expect(await keyring.read(old, time)).toMatchObject({ state: "valid", claims });
  expect(await keyring.read(fresh, time)).toMatchObject({ state: "valid", claims });
});

test("a rotation is noticed when the clock steps back, too", async () => {
  await place(first);
  const keyring = instance();
  await issue(keyring);
  await place(second, first);
  time -= HOUR;
  expect(kidOf(await issue(keyring))).toBe(await keyId(second.publicKey));
});

test("a token under a key that was rotated in elsewhere reads ten seconds later", async () => {
  await place(first);
  const keyring = instance();
  await keyring.certificate();
  await place(second, first);
  time += 10 * SECOND;
  expect(await keyring.read(await issue(instance()), time)).toMatchObject({ state: "valid" });
});

test("tokens of a key that was taken away are invalid within five minutes", async () => {
  await place(first);
  const keyring = instance();
  const token = await issue(keyring);
  await place(second);
  time += 5 * MINUTE;
  expect(await keyring.read(token, time)).toEqual({ state: "invalid" });
});

test("a flood of unknown key ids costs one read in ten seconds", async () => {
  await place(first);
  const counted = metered(store);
  const keyring = instance(counted.store);
  const flood = async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) => foreignToken(`kid-${i}`)),
    );
    const readings = await Promise.all(tokens.map((token) => keyring.read(token, time)));
    expect(readings.every(({ state }) => state === "invalid")).toBe(true);
  };
  for (let elapsed = 0; elapsed <= 60; elapsed += 2) {
    time = NOW + elapsed * SECOND;
    await flood();
  }
  expect(counted.meter).toEqual({ reads: 7, writes: 0, aggregates: 0 });
});

test("the keys are read once in five minutes, however much is signed", async () => {
  await place(first);
  const counted = metered(store);
  const keyring = instance(counted.store);
  const tokens = await Promise.all(Array.from({ length: 10 }, () => issue(keyring)));
  await Promise.all(tokens.map((token) => keyring.read(token, time)));
  time += 5 * MINUTE - 1;
  await Promise.all([issue(keyring), keyring.certificate(), keyring.jwks()]);
  expect(counted.meter.reads).toBe(1);
});

test("a read that failed is tried again by the next request", async () => {
  await place(first);
  const down = new StoreUnavailableError("down");
  const get = jest.fn(store.get.bind(store)).mockRejectedValueOnce(down);
  const keyring = instance({ ...metered(store).store, get: get as DocumentStore["get"] });
  await expect(issue(keyring)).rejects.toBe(down);
  expect(kidOf(await issue(keyring))).toBe(await keyId(first.publicKey));
});

test("a key sealed under an encryption key that is gone is a fault, not an invalid token", async () => {
  await place(first);
  const token = await issue(instance());
  const other = createVault({
    pepper: Buffer.alloc(32, 1),
    encryption: [{ version: "2", key: Buffer.alloc(32, 3) }],
  });
  const keyring = createKeyring({ store, vault: other, now: () => time });
  await expect(keyring.read(token, time)).rejects.toThrow("No encryption key of version 1.");
});
