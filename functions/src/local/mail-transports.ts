import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Transporter } from "nodemailer";
import type { Mail } from "../core/mail.ts";

type Deliver = (mail: Mail) => Promise<void>;

const SMTP_TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

/** Each mail as a file that mail programs open, named by its time and id. */
export const mailFiles =
  ({ directory, from }: { directory: string; from: string }): Deliver =>
  async (mail) => {
    const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
    const bytes = await new MailComposer(messageOf(mail, from)).compile().build();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await publish(directory, fileName(mail), bytes);
  };

/** Sends each mail through an SMTP server; a repeat carries the same Message-ID. */
export function smtp({ url, from }: { url: string; from: string }): Deliver {
  let transport: Transporter | undefined;
  return async (mail) => {
    const { createTransport } = await import("nodemailer");
    transport ??= createTransport({ url, ...SMTP_TIMEOUTS });
    await transport.sendMail(messageOf(mail, from));
  };
}

const fileName = ({ id, createdAt }: Mail): string =>
  `${new Date(createdAt).toISOString().replaceAll(":", "-")}-${id.replaceAll(/[^\w.-]/g, "_")}.eml`;

/** The same bytes each time: nothing of it is drawn at random. */
const messageOf = ({ id, to, replyTo, message, createdAt }: Mail, from: string) => ({
  ...message,
  from,
  // As an object it is one address, whatever is in it.
  to: { name: "", address: to },
  ...(replyTo === undefined ? {} : { replyTo: { name: "", address: replyTo } }),
  messageId: `<${id}@latchkey>`,
  date: new Date(createdAt),
  baseBoundary: id,
  // Where it takes an encoding at all, one in which a key is still read.
  textEncoding: "quoted-printable" as const,
  newline: "windows",
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** A reader of the directory never meets half a file. */
async function publish(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const draft = join(directory, `.${randomUUID()}`);
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(directory, name));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
