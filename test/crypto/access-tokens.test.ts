import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import {
  accessTokenKeys,
  readAccessToken,
  readEndUserToken,
  signAccessToken,
  signEndUserToken,
} from "../../functions/src/crypto/access-tokens.ts";
import { createVault } from "../../functions/src/crypto/vault.ts";

const NOW = Date.parse("2026-11-20T09:00:00Z");
const vaultOf = (pepper: number) =>
  createVault({
    pepper: Buffer.alloc(32, pepper),
    encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
  });
const keys = accessTokenKeys(vaultOf(1));
const claims = { sub: "u", sid: "s", issuedAt: NOW, expiresAt: NOW + 900_000 };
const portal = {
  ...{ sub: "u", org: "o", jti: "j", generation: 2 },
  issuedAt: NOW,
  expiresAt: NOW + 900_000,
};
const read = (token: string, now = NOW) => readAccessToken(keys, token, now);
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("HS256 with the claims of the reference, good until its last second", async () => {
  const token = await signAccessToken(keys, claims);
  const [header = "", payload = ""] = token.split(".");
  const parsed = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  expect(parsed(header)).toMatchObject({ alg: "HS256" });
  const iat = NOW / 1000;
  expect(parsed(payload)).toEqual({ sub: "u", sid: "s", typ: "access", iat, exp: iat + 900 });
  expect(await read(token)).toEqual({ state: "valid", sub: "u", sid: "s" });
  expect(await read(token, NOW + 899_999)).toMatchObject({ state: "valid" });
  expect(await read(token, NOW + 900_000)).toEqual({ state: "expired" });
});

test("the two surfaces have keys of their own, and so have two services", async () => {
  const other = accessTokenKeys(vaultOf(9));
  const prints = [keys.access, keys.enduser, other.access, other.enduser].map(String);
  expect(new Set(prints).size).toBe(4);
  for (const token of [
    await signEndUserToken(keys, portal),
    await signAccessToken(other, claims),
  ]) {
    expect(await read(token)).toEqual({ state: "invalid" });
    expect(await read(token, NOW + 900_000)).toEqual({ state: "invalid" });
  }
  const token = await signAccessToken(keys, claims);
  expect(await readEndUserToken(keys, token, NOW)).toEqual({ state: "invalid" });
});

test("under one secret for both, a token is still good on its own surface alone", async () => {
  const secret = "one secret for both, which is not wise";
  const same = accessTokenKeys(vaultOf(1), { access: secret, enduser: secret });
  const forPortal = await signEndUserToken(same, portal);
  const forDashboard = await signAccessToken(same, claims);
  for (const now of [NOW, NOW + 900_000]) {
    expect(await readAccessToken(same, forPortal, now)).toEqual({ state: "invalid" });
    expect(await readEndUserToken(same, forDashboard, now)).toEqual({ state: "invalid" });
  }
});

test("no other algorithm, no missing claim, no other signature", async () => {
  const token = await signAccessToken(keys, claims);
  const [header = "", payload = "", signature = ""] = token.split(".");
  const hs512 = `${encoded({ alg: "HS512" })}.${payload}`;
  const signed512 = createHmac("sha512", keys.access).update(hs512).digest("base64url");
  const lasting = await new SignJWT({ typ: "access", sid: "s" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("u")
    .setIssuedAt(NOW / 1000)
    .sign(keys.access);
  const forged = [
    `${encoded({ alg: "none" })}.${payload}.`,
    `${encoded({ alg: "None" })}.${payload}.${signature}`,
    `${hs512}.${signed512}`,
    `${header}.${encoded({ ...claims, typ: "access", exp: 9_999_999_999 })}.${signature}`,
    `${header}.${payload}.${signature.slice(1)}A`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    lasting,
    "",
    "a.b.c",
  ];
  for (const one of forged) expect([one, await read(one)]).toEqual([one, { state: "invalid" }]);
});

test("the portal's: HS256 with org and jti besides, good until its last second", async () => {
  const token = await signEndUserToken(keys, portal);
  const [, payload = ""] = token.split(".");
  const iat = NOW / 1000;
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({
    ...{ sub: "u", org: "o", jti: "j", gen: 2, typ: "enduser", iat, exp: iat + 900 },
  });
  const read = (now: number) => readEndUserToken(keys, token, now);
  const { issuedAt, ...said } = portal;
  expect(await read(NOW + 899_999)).toEqual({ state: "valid", ...said });
  expect(await read(NOW + 900_000)).toEqual({ state: "expired" });
});
