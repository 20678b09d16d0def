import { scryptSync } from "node:crypto";
import { createPasswords, PASSWORD_COST } from "../../functions/src/crypto/passwords.ts";

const salt = Buffer.from("0123456789abcdef");
const cheap = { logCost: 4, blockSize: 1, lanes: 1 };

test("the cost is one that OWASP recommends for scrypt, and the hash says which", async () => {
  expect(PASSWORD_COST).toEqual({ logCost: 15, blockSize: 8, lanes: 3 });
  const passwords = createPasswords();
  const stored = await passwords.hash("pleaseletmein", salt);
  const options = { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 27 };
  const expected = scryptSync("pleaseletmein", salt, 32, options).toString("base64url");
  expect(stored).toBe(`scrypt$15$8$3$${salt.toString("base64url")}$${expected}`);
  expect(await passwords.verify("pleaseletmein", stored)).toBe(true);
  expect(await passwords.verify("pleaseletmeIn", stored)).toBe(false);
});

test("a hash of another cost is still verified, by its own", async () => {
  const stored = await createPasswords({ cost: cheap }).hash("old one", salt);
  expect(await createPasswords({ cost: { ...cheap, logCost: 5 } }).verify("old one", stored)).toBe(
    true,
  );
});

test("no password is nobody's, not even the empty one", async () => {
  const passwords = createPasswords({ cost: cheap });
  for (const password of ["", "x", "\0".repeat(32)]) {
    expect(await passwords.verify(password, undefined)).toBe(false);
  }
});

test("nobody's password takes about as long as a wrong one", async () => {
  const passwords = createPasswords();
  const stored = await passwords.hash("x", salt);
  const took = async (known: string | undefined) => {
    const startedAt = process.cpuUsage().user;
    await passwords.verify("y", known);
    return process.cpuUsage().user - startedAt;
  };
  await took(stored);
  const [wrong, nobody] = [await took(stored), await took(undefined)];
  expect(nobody).toBeGreaterThan(wrong / 3);
});

test("one after the other where only one may run, and a fault frees its place", async () => {
  const passwords = createPasswords({ cost: cheap, atOnce: 1 });
  const broken = passwords.verify("x", "not a hash");
  const many = Array.from({ length: 20 }, () => passwords.hash("x", salt));
  await expect(broken).rejects.toThrow("another form");
  expect(new Set(await Promise.all(many)).size).toBe(1);
});
