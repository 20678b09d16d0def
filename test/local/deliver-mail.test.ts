import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { licenseMail, type Mail } from "../../functions/src/core/mail.ts";
import { deliverDueMail } from "../../functions/src/local/deliver-mail.ts";
import { mailFiles, smtp } from "../../functions/src/local/mail-transports.ts";
import { collections, mails } from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { DAY, HOUR, MINUTE, NOW } from "../support/world.ts";

let directory: string;
let store: DocumentStore;
let time: number;
let failures: unknown[];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "latchkey-mail-")), "mail");
  store = openSqliteStore({ path: ":memory:", collections });
  time = NOW;
  failures = [];
});
afterEach(async () => {
  await store.close();
  rmSync(join(directory, ".."), { recursive: true, force: true });
});

const from = "Studio <sales@studio.example>";
const facts = {
  licenseKeys: ["7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD"],
  productName: "Cloud Tools",
  variant: "standard",
  email: "artist@example.com",
  expiresAt: null,
  maxMachines: 3,
  purchaseId: null,
};

async function post(id: string, more: Partial<Mail> = {}) {
  const mail = licenseMail({ id, accountId: "a", template: undefined, facts, now: time });
  const record = { ...(mail as Mail), ...more };
  await store.commit([{ kind: "create", collection: mails, record }]);
}
const run = (deliver = mailFiles({ directory, from })) =>
  deliverDueMail({ store, now: () => time, deliver, failed: (error) => failures.push(error) });

test("a mail becomes a file that a person and a mail program can read, for its user alone", async () => {
  await post("mail_1", { replyTo: "help@studio.example" });
  expect(await run()).toEqual({ failures: 0, more: false });
  const name = "2026-11-20T09-00-00.000Z-mail_1.eml";
  expect(readdirSync(directory)).toEqual([name]);
  const file = readFileSync(join(directory, name), "latin1");
  const [head = ""] = file.split("\r\n\r\n", 1);
  for (const header of [
    "From: Studio <sales@studio.example>",
    "To: artist@example.com",
    "Reply-To: help@studio.example",
    "Subject: Your license for Cloud Tools",
    "Message-ID: <mail_1@latchkey>",
    "Date: Fri, 20 Nov 2026 09:00:00 +0000",
    "MIME-Version: 1.0",
  ]) {
    expect(head.split("\r\n")).toContain(header);
  }
  expect(head).toMatch(/^Content-Type: multipart\/alternative;/m);
  expect(file).toMatch(
    /Content-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit/,
  );
  expect(file).toContain("\r\n\r\n7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD\r\n\r\n");
  expect(file).toContain("<code>7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD</code>");
  expect(file).not.toContain("base64");
  if (process.platform !== "win32") {
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  }
});

test("what is in a mail adds neither a header nor a recipient", async () => {
  const message = { subject: "Größe\r\nBcc: x@example.com", text: "ä", html: "ä" };
  await post("m", { message, to: "a@example.com, b@example.com\r\nCc: c@example.com" });
  await run();
  const [name = ""] = readdirSync(directory);
  const [head = ""] = readFileSync(join(directory, name), "latin1").split("\r\n\r\n", 1);
  expect(head).not.toMatch(/^(Bcc|Cc):/im);
  expect(head.match(/^To: .*(\r\n .*)*/gm)).toHaveLength(1);
});

test("each mail is delivered once, by however many processes, and deleted when it expires", async () => {
  for (const id of ["m1", "m2", "m3"]) await post(id);
  const delivered: string[] = [];
  const deliver = async ({ id }: Mail) => void delivered.push(id);
  await Promise.all([run(deliver), run(deliver), run(deliver)]);
  await run(deliver);
  expect(delivered.sort()).toEqual(["m1", "m2", "m3"]);
  expect(await store.get(mails, "m1")).toMatchObject({ deliveredAt: NOW });
  time += 30 * DAY;
  await run(deliver);
  expect(delivered).toHaveLength(3);
  expect(await store.getMany(mails, ["m1", "m2", "m3"])).toEqual([undefined, undefined, undefined]);
});

test("a mail that fails holds no other up and is tried ever later, until it expires", async () => {
  await post("bad");
  await post("good");
  const tried: string[] = [];
  const deliver = async ({ id }: Mail) => {
    tried.push(id);
    if (id === "bad") throw new Error("refused");
  };
  expect(await run(deliver)).toEqual({ failures: 1, more: false });
  expect(tried.sort()).toEqual(["bad", "good"]);
  expect(failures).toEqual([new Error("refused")]);
  const attempts = async (after: number) => {
    const before = tried.length;
    time += after;
    await run(deliver);
    return tried.length - before;
  };
  expect(await attempts(MINUTE - 1)).toBe(0);
  expect(await attempts(1)).toBe(1);
  expect(await attempts(MINUTE)).toBe(1);
  expect(await attempts(MINUTE)).toBe(0);
  expect(await attempts(DAY)).toBe(1);
  expect(await attempts(HOUR)).toBe(1);
  expect(await attempts(30 * DAY)).toBe(0);
  expect(await store.get(mails, "bad")).toBeUndefined();
});

test("a repeat after a crash writes the same file again", async () => {
  await post("m");
  await run();
  const [name = ""] = readdirSync(directory);
  const first = readFileSync(join(directory, name));
  const patch = { deliveredAt: null, dueAt: time };
  await store.commit([{ kind: "update", collection: mails, id: "m", patch }]);
  await run();
  expect(readdirSync(directory)).toEqual([name]);
  expect(readFileSync(join(directory, name)).equals(first)).toBe(true);
});

test("a batch is bounded and says that there is more", async () => {
  for (let made = 0; made < 21; made++) await post(`m${made}`);
  expect(await run()).toEqual({ failures: 0, more: true });
  expect(readdirSync(directory)).toHaveLength(20);
  expect(await run()).toEqual({ failures: 0, more: false });
  expect(readdirSync(directory)).toHaveLength(21);
});

test("through an SMTP server where one is set", async () => {
  const { server, port, heard } = await smtpServer();
  await post("m");
  await run(smtp({ url: `smtp://127.0.0.1:${port}`, from }));
  expect(failures).toEqual([]);
  for (const line of [
    "MAIL FROM:<sales@studio.example>",
    "RCPT TO:<artist@example.com>",
    "Message-ID: <m@latchkey>",
    "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD",
  ]) {
    expect(heard()).toContain(`${line}\r\n`);
  }
  await new Promise((closed) => server.close(closed));
});

/** Says yes to everything. */
async function smtpServer(): Promise<{ server: Server; port: number; heard: () => string }> {
  let heard = "";
  const server = createServer((socket) => {
    let inData = false;
    socket.write("220 test\r\n");
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      heard += chunk;
      if (inData) {
        if (!heard.endsWith("\r\n.\r\n")) return;
        inData = false;
        socket.write("250 taken\r\n");
      } else if (chunk.startsWith("DATA")) {
        inData = true;
        socket.write("354 go on\r\n");
      } else if (chunk.startsWith("QUIT")) socket.end("221 bye\r\n");
      else socket.write("250 yes\r\n");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, port: address.port, heard: () => heard };
}
