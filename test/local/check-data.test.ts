import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readConfig } from "../../functions/src/config.ts";
import { checkData } from "../../functions/src/local/check-data.ts";

const one = { LOOKUP_PEPPER: "ab".repeat(32), ENCRYPTION_KEYS: `1:${"cd".repeat(32)}` };
const OTHER = "ef".repeat(32);

let dataDir: string;
let path: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "latchkey-check-"));
  path = join(dataDir, "latchkey.sqlite");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dataDir, { recursive: true });
});

const check = (secrets: Partial<typeof one> = {}) =>
  checkData(readConfig({ DATA_DIR: dataDir, ...one, ...secrets }));

test("the secrets a database was made with open it again, whatever keys were added before them", async () => {
  await check();
  await check();
  await check({ ENCRYPTION_KEYS: `2:${OTHER},${one.ENCRYPTION_KEYS}` });
  await check();
});

test.each([
  ["LOOKUP_PEPPER", OTHER],
  ["ENCRYPTION_KEYS", `1:${OTHER}`],
  ["ENCRYPTION_KEYS", `2:${OTHER}`],
])("another %s is refused and named, and never becomes the database's own", async (name, other) => {
  await check();
  for (let n = 0; n < 2; n++) {
    await expect(check({ [name]: other })).rejects.toThrow(
      `${name} is not what the database in ${dataDir} was made with. Put your copy back, in ${join(dataDir, "secrets", name)}`,
    );
  }
  await check();
});

test("of two servers that start at once with different secrets one is refused", async () => {
  const starts = [check(), check({ LOOKUP_PEPPER: OTHER })];
  const ends = await Promise.allSettled(starts);
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("no secret is in the file", async () => {
  await check();
  const bytes = readFileSync(path).toString("latin1");
  for (const secret of ["ab".repeat(32), "cd".repeat(32)]) {
    expect(bytes).not.toContain(secret);
    expect(bytes).not.toContain(Buffer.from(secret, "hex").toString("latin1"));
  }
});

test("a file that is no database is named", async () => {
  writeFileSync(path, "no database".repeat(1000));
  await expect(check()).rejects.toThrow(`${path}: file is not a database. It must be`);
});

test("a database that cannot be written is named, though it could be read", async () => {
  await check();
  const { exec } = DatabaseSync.prototype;
  jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
    this: DatabaseSync,
    sql: string,
  ) {
    exec.call(this, sql === "BEGIN" ? "PRAGMA query_only = 1; BEGIN" : sql);
  });
  await expect(check()).rejects.toThrow(`${path}: attempt to write a readonly database`);
});

test("a full disk keeps nobody from starting, as licenses can still be checked", async () => {
  await check();
  const full = Object.assign(new Error("database or disk is full"), { errcode: 13 });
  const { exec } = DatabaseSync.prototype;
  const met = jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
    this: DatabaseSync,
    sql: string,
  ) {
    if (sql === "COMMIT") throw full;
    exec.call(this, sql);
  });
  await check();
  expect(met).toHaveBeenCalledWith("COMMIT");
});
