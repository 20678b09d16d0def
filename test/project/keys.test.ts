import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootSign, rootSigned } from "../../functions/src/crypto/signing-keys.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latchkey-keys-"));
  keys("root", "--out", at("root.pem"), "--public", at("root.pub.pem"));
  keys("signing", "--out", at("signing.pem"), "--public", at("signing.pub.pem"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), "utf8");
const keys = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/keys.mjs", ...args], { encoding: "utf8" });
const certify = (signing = "signing.pub.pem") =>
  keys("certify", "--root", at("root.pem"), "--signing", at(signing)).stdout.trim();

test("private keys are for their owner alone", () => {
  for (const name of ["root.pem", "signing.pem"]) {
    expect(statSync(at(name)).mode & 0o777).toBe(0o600);
    expect(read(name)).toContain("BEGIN PRIVATE KEY");
  }
});

test("a key that exists is never overwritten", () => {
  const before = read("root.pem");
  const again = keys("root", "--out", at("root.pem"));
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("exists")]);
  expect(read("root.pem")).toBe(before);
});

test("certify makes the signature the service would make, whatever the file's line ends", () => {
  const signature = certify();
  expect(signature).toBe(rootSign(read("root.pem"), read("signing.pub.pem")));
  expect(rootSigned(read("root.pub.pem"), read("signing.pub.pem"), signature)).toBe(true);
  writeFileSync(at("crlf.pem"), read("signing.pub.pem").replaceAll("\n", "\r\n"));
  expect(certify("crlf.pem")).toBe(signature);
});

test("verify tells a good signature from another key's", () => {
  const check = (root: string, signature: string) =>
    keys(
      ...["verify", "--root", at(root), "--signing", at("signing.pub.pem")],
      ...["--signature", signature],
    ).status;
  expect(check("root.pub.pem", certify())).toBe(0);
  expect(check("signing.pub.pem", certify())).toBe(1);
  expect(check("root.pub.pem", "AAAA")).toBe(1);
});

test.each([[], ["root"], ["certify", "--root", "x"], ["toString"], ["root", "--oops"]])(
  "%p is answered with how to use it",
  (...args: string[]) => {
    const { status, stderr } = keys(...args);
    expect([status, stderr]).toEqual([1, expect.stringContaining("npm run keys -- root")]);
  },
);
