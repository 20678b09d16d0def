import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BusboyInstance } from "@fastify/busboy";
import type { Decision } from "../core/decision.ts";
import { Problem } from "./problem.ts";
import type { Asked } from "./router.ts";

export type SentFile = { readonly filename: string; readonly bytes: AsyncIterable<Uint8Array> };

const MOST_PARTS = 30;
const LONGEST_FIELD = 4_096;

/**
 * Reads a form, and gives its `file` away while it comes in: the fields may follow it. Where the
 * file is refused the rest is not read. Throws `INVALID_REQUEST` for what is no such form.
 */
export async function readForm<Kept extends object>(
  asked: Asked,
  keep: (file: SentFile) => Promise<Decision<Kept>>,
): Promise<{ fields: Record<string, string>; kept: Decision<Kept> | undefined }> {
  const form = await parser(asked);
  const fields = new Map<string, string>();
  const stopped = new AbortController();
  let file: Readable | undefined;
  let keeping: Promise<Decision<Kept>> | undefined;
  form.on("field", (name, value) => void fields.set(name, value));
  form.on("file", (name, stream, filename) => {
    // It fails when the form does, before or after somebody reads it.
    stream.on("error", () => undefined);
    if (name !== "file" || keeping) {
      stream.resume();
      return;
    }
    file = stream;
    keeping = keep({ filename: filename ?? "", bytes: bytesOf(stream) });
    keeping.then(
      ({ ok }) => ok || stopped.abort(),
      () => stopped.abort(),
    );
  });
  const { signal } = stopped;
  const broken = await pipeline(Readable.from(asked.incoming()), form, { signal }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  // Who waits for more of a form that broke off would wait forever.
  if (broken) file?.destroy(new BrokenFormError());
  const kept = await keeping?.catch((error: unknown) => {
    if (error instanceof BrokenFormError) return undefined;
    throw error;
  });
  if (keeping && !kept) throw malformed(broken?.error);
  if (broken && kept?.ok !== false) throw malformed(broken.error);
  return { fields: Object.fromEntries(fields), kept };
}

class BrokenFormError extends Error {}

/** Its own faults are told from those of whoever keeps them. */
async function* bytesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch {
    throw new BrokenFormError();
  }
}

async function parser({ headers }: Asked): Promise<BusboyInstance> {
  const type = headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type)) throw notForm("must be multipart/form-data");
  const { Busboy } = await import("@fastify/busboy");
  const limits = { parts: MOST_PARTS, fieldSize: LONGEST_FIELD };
  try {
    return new Busboy({ headers: { "content-type": type }, limits });
  } catch {
    throw notForm("must name the boundary of its parts");
  }
}

/** A form that cannot be read; what else went wrong, the sender's leaving included, is no fault of it. */
const malformed = (error: unknown): unknown =>
  error instanceof Problem || (error as { code?: unknown } | undefined)?.code !== undefined
    ? error
    : notForm("must be a complete form");

const notForm = (message: string) =>
  new Problem("INVALID_REQUEST", `The body ${message}.`, {
    fields: [{ field: "body", message }],
  });
