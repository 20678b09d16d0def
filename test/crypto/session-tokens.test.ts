import { createHmac, type KeyObject, sign, verify } from "node:crypto";
import fc from "fast-check";
import {
  readSessionToken,
  type SessionClaims,
  signSessionToken,
} from "../../functions/src/crypto/session-tokens.ts";
import {
  generatePair,
  type PemPair,
  privateKeyOf,
  publicKeyOf,
} from "../../functions/src/crypto/signing-keys.ts";
import { DAY, NOW, SECOND } from "../support/records.ts";

const KID = "key-1";
const claims: SessionClaims = {
  licenseKey: "01234-56789-ABCDE-FGHJK-MNPQR",
  machineFingerprint: "fp-a",
  productId: "prod_tools",
};
const iat = NOW / SECOND;
const exp = (NOW + 30 * DAY) / SECOND;
const payload = { ...claims, iat, exp };

let pair: PemPair;
let foreign: PemPair;
let publicKey: KeyObject;
beforeAll(async () => {
  [pair, foreign] = await Promise.all([generatePair(), generatePair()]);
  publicKey = publicKeyOf(pair.publicKey);
});

const keyFor = async (kid: string) => (kid === KID ? publicKey : undefined);
const read = (token: string, now = NOW) => readSessionToken(token, keyFor, now);
const issue = (expiresAt = NOW + 30 * DAY, issuedAt = NOW) =>
  signSessionToken(
    { kid: KID, privateKey: privateKeyOf(pair.privateKey) },
    claims,
    issuedAt,
    expiresAt,
  );

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (encoded = "") => JSON.parse(Buffer.from(encoded, "base64url").toString());

const header = { alg: "RS256", kid: KID, typ: "JWT" };

/** A token that jose had no hand in; signed by our own key unless told. */
function forge(
  { header: head = header, payload: body = payload }: { header?: unknown; payload?: unknown } = {},
  signature = (input: string) => sign("RSA-SHA256", Buffer.from(input), pair.privateKey),
): string {
  const input = `${part(head)}.${part(body)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

test("a token is an RS256 JWT with the documented header and claims, verified by any library", async () => {
  const token = await issue(NOW + 30 * DAY + 999, NOW + 999);
  const [head, body, signature = ""] = token.split(".");
  expect(decode(head)).toEqual(header);
  expect(decode(body)).toEqual(payload);
  expect(
    verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${body}`),
      pair.publicKey,
      Buffer.from(signature, "base64url"),
    ),
  ).toBe(true);
});

test("a token of any RS256 library under our key is read", async () => {
  expect(await read(forge())).toEqual({ state: "valid", claims, expiresAt: exp * SECOND });
});

test("a token is read back until the second it expires at", async () => {
  const token = await issue();
  const expiresAt = NOW + 30 * DAY;
  expect(await read(token)).toEqual({ state: "valid", claims, expiresAt });
  expect(await read(token, expiresAt - 1)).toMatchObject({ state: "valid" });
  expect(await read(token, expiresAt)).toEqual({ state: "expired" });
});

test("a token of an instance whose clock is ahead is read", async () => {
  expect(await read(await issue(), NOW - DAY)).toMatchObject({ state: "valid" });
});

describe("invalid is", () => {
  const { exp: _, ...withoutExp } = payload;
  const { iat: __, ...withoutIat } = payload;
  const hs256 = (secret: string | Buffer) => (input: string) =>
    createHmac("sha256", secret).update(input).digest();
  const unsigned = () => Buffer.alloc(0);

  test.each<[string, () => string]>([
    ["a foreign kid", () => forge({ header: { ...header, kid: "key-2" } })],
    ["no kid", () => forge({ header: { alg: "RS256", typ: "JWT" } })],
    ["a kid that is no text", () => forge({ header: { ...header, kid: { toString: KID } } })],
    [
      "our kid over a foreign signature",
      () => forge({}, (input) => sign("RSA-SHA256", Buffer.from(input), foreign.privateKey)),
    ],
    ["alg none", () => forge({ header: { ...header, alg: "none" } }, unsigned)],
    ["alg NONE", () => forge({ header: { ...header, alg: "NONE" } }, unsigned)],
    ["no signature", () => forge({}, unsigned)],
    [
      "HS256 under our public key's PEM",
      () => forge({ header: { ...header, alg: "HS256" } }, hs256(pair.publicKey)),
    ],
    [
      "HS256 under our public key's DER",
      () =>
        forge(
          { header: { ...header, alg: "HS256" } },
          hs256(publicKey.export({ type: "spki", format: "der" })),
        ),
    ],
    [
      "RS512 under our own key",
      () =>
        forge({ header: { ...header, alg: "RS512" } }, (input) =>
          sign("RSA-SHA512", Buffer.from(input), pair.privateKey),
        ),
    ],
    [
      "a key the token brings along",
      () =>
        forge(
          {
            header: { ...header, jwk: publicKeyOf(foreign.publicKey).export({ format: "jwk" }) },
          },
          (input) => sign("RSA-SHA256", Buffer.from(input), foreign.privateKey),
        ),
    ],
    ["a critical extension", () => forge({ header: { ...header, crit: ["x"], x: 1 } })],
    [
      "a payload that was altered",
      () => {
        const [head, , signature] = forge().split(".");
        return [head, part({ ...payload, machineFingerprint: "fp-b" }), signature].join(".");
      },
    ],
    ["no exp", () => forge({ payload: withoutExp })],
    ["no iat", () => forge({ payload: withoutIat })],
    ["an exp that is no number", () => forge({ payload: { ...payload, exp: String(exp) } })],
    ["an iat that is no number", () => forge({ payload: { ...payload, iat: null } })],
    ["no license key", () => forge({ payload: { ...payload, licenseKey: undefined } })],
    [
      "a fingerprint that is no text",
      () => forge({ payload: { ...payload, machineFingerprint: 7 } }),
    ],
    ["no product", () => forge({ payload: { ...payload, productId: null } })],
    ["a payload that is a list", () => forge({ payload: [payload] })],
    ["a payload that is null", () => forge({ payload: null })],
    ["nothing", () => ""],
    ["dots", () => ".."],
    ["an encrypted token's five parts", () => "a.b.c.d.e"],
    ["a license key", () => claims.licenseKey],
    ["a header that is not JSON", () => forge().replace(/^[^.]+/, "e30x")],
    ["a header that is null", () => forge({ header: null })],
    ["a signature that is not base64url", () => forge().replace(/[^.]+$/, "%%%")],
  ])("%s", async (_, token) => {
    expect(await read(token())).toEqual({ state: "invalid" });
  });

  test("garbage, however it looks", async () => {
    const header = fc.record({ alg: fc.constant("RS256"), kid: fc.constant(KID) });
    const segment = fc.oneof(fc.jsonValue().map(part), header.map(part), fc.base64String());
    const garbage = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(segment, { maxLength: 5 }).map((segments) => segments.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (token) => {
        expect(await read(token)).toEqual({ state: "invalid" });
      }),
      { numRuns: 500 },
    );
  });

  test("a token past its time whose signature is wrong, too", async () => {
    const expired = { ...payload, exp: iat - 1 };
    const wrong = forge({ payload: expired }, () => Buffer.alloc(256));
    expect(await read(wrong)).toEqual({ state: "invalid" });
    expect(await read(forge({ payload: expired }))).toEqual({ state: "expired" });
  });
});

test("a fault while looking for the key is not the token's", async () => {
  const fault = new Error("the store is down");
  const reading = readSessionToken(await issue(), () => Promise.reject(fault), NOW);
  await expect(reading).rejects.toBe(fault);
});
