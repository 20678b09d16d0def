import { loadTotp, type TotpCodes } from "../../functions/src/crypto/totp.ts";

let codes: TotpCodes;
let secret: string;
beforeAll(async () => {
  codes = await loadTotp();
  secret = codes.secretOf(Buffer.from("12345678901234567890"));
});

test.each([
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_777_472_000, "460361"],
])("the reference's vector: at %i s the code is %s, one step to either side too", (at, code) => {
  const step = Math.floor(at / 30);
  for (const now of [at, at - 30, at + 30]) {
    expect(codes.stepOf(secret, code, now * 1000)).toBe(step);
  }
  for (const now of [at - 60, at + 60]) {
    if (now >= 0) expect(codes.stepOf(secret, code, now * 1000)).toBeUndefined();
  }
});

test("what an app scans has the issuer, the address and the terms", () => {
  const url = new URL(codes.urlOf(secret, "a+b@example.com"));
  expect([url.protocol, url.host, decodeURIComponent(url.pathname)]).toEqual([
    "otpauth:",
    "totp",
    "/Latchkey:a+b@example.com",
  ]);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    issuer: "Latchkey",
    secret,
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});
