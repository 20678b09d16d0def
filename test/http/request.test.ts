import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import * as z from "zod";
import { Problem } from "../../functions/src/http/problem.ts";
import {
  BODY_LIMIT_BYTES,
  type EdgeRequest,
  jsonFields,
  parseFields,
  queryFields,
  readBody,
} from "../../functions/src/http/request.ts";

/** A request that has arrived in those chunks. */
function request({ url = "/", chunks = [] as Buffer[] } = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.url = url;
  for (const chunk of chunks) message.push(chunk);
  message.push(null);
  return message;
}

/** The problem that is thrown; anything else fails the test. */
async function problemIn(act: () => unknown): Promise<Problem> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the query string", () => {
  test.each<[string, Record<string, unknown>]>([
    ["/verify", {}],
    ["/verify?", {}],
    ["/verify?a=1&b=&c", { a: "1", b: "", c: "" }],
    ["/verify?a=1&a=2", { a: ["1", "2"] }],
    ["/verify?a=%C3%A9+%2B?&b=%ZZ", { a: "é +?", b: "%ZZ" }],
    ["//?a=1", { a: "1" }],
    ["//evil:99999/?a=1", { a: "1" }],
    ["http://[?a=1", { a: "1" }],
    ["*", {}],
  ])("of %s", (url, fields) => {
    expect(queryFields(request({ url }))).toEqual(fields);
  });

  test.each(["__proto__", "constructor", "prototype"])("may not name %s", async (name) => {
    const problem = await problemIn(() => queryFields(request({ url: `/?a=1&${name}=1` })));
    expect(problem).toMatchObject({ code: "INVALID_REQUEST", fields: [{ field: name }] });
  });
});

describe("the body", () => {
  const rawRequest = (rawBody: Buffer) => Object.assign(request(), { rawBody }) as EdgeRequest;

  test("is what was sent, in however many parts", async () => {
    const chunks = ["{", '"a":', "1}"].map((text) => Buffer.from(text));
    expect((await readBody(request({ chunks }))).toString()).toBe('{"a":1}');
    expect(await readBody(request())).toHaveLength(0);
  });

  test("is not read again where the platform has read it", async () => {
    const rawBody = Buffer.from("{}");
    expect(await readBody(rawRequest(rawBody))).toBe(rawBody);
  });

  test("may have the limit and not a byte more", async () => {
    const full = Buffer.alloc(BODY_LIMIT_BYTES);
    const more = Buffer.alloc(1);
    expect(await readBody(request({ chunks: [full] }))).toHaveLength(BODY_LIMIT_BYTES);
    expect(await readBody(rawRequest(full))).toHaveLength(BODY_LIMIT_BYTES);
    for (const oversize of [
      request({ chunks: [full, more] }),
      rawRequest(Buffer.concat([full, more])),
    ]) {
      const problem = await problemIn(() => readBody(oversize));
      expect(problem).toMatchObject({
        code: "PAYLOAD_TOO_LARGE",
        headers: { Connection: "close" },
      });
    }
  });

  test("is read to its end when it is a little too large, so that its sender hears why", async () => {
    const oversize = request({ chunks: Array(7).fill(Buffer.alloc(BODY_LIMIT_BYTES)) });
    await problemIn(() => readBody(oversize));
    expect(oversize.readableEnded).toBe(true);
  });

  test("is cut off when there is no end in sight", async () => {
    const endless = new IncomingMessage(new Socket());
    let sent = 0;
    endless._read = () => {
      sent += BODY_LIMIT_BYTES;
      endless.push(sent < 50 * BODY_LIMIT_BYTES ? Buffer.alloc(BODY_LIMIT_BYTES) : null);
    };
    expect(await problemIn(() => readBody(endless))).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(sent).toBeLessThanOrEqual(11 * BODY_LIMIT_BYTES);
  });
});

describe("a JSON body", () => {
  const fieldsOf = (text: string | Buffer) => jsonFields(Buffer.from(text as string));

  test("gives its fields; an empty one has none", () => {
    expect(fieldsOf('{"a":1,"b":{"c":[null]}}')).toEqual({ a: 1, b: { c: [null] } });
    expect(fieldsOf("")).toEqual({});
  });

  test.each<[string, string | Buffer, string]>([
    ["not JSON", "{a:1}", "The body is not valid JSON."],
    ["cut off", '{"a":', "The body is not valid JSON."],
    ["only space", "  ", "The body is not valid JSON."],
    [
      "nested too deeply",
      `{"a":${"[".repeat(300_000)}${"]".repeat(300_000)}}`,
      "The body is not valid JSON.",
    ],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "The body is not valid UTF-8."],
    ["a list", "[]", "The body must be a JSON object."],
    ["null", "null", "The body must be a JSON object."],
    ["a number", "7", "The body must be a JSON object."],
    ["text", '"a"', "The body must be a JSON object."],
  ])("is refused when it is %s", async (_, text, message) => {
    const problem = await problemIn(() => fieldsOf(text));
    expect(problem).toMatchObject({ code: "INVALID_REQUEST", message });
  });

  test.each([
    '{"__proto__":{"isAdmin":true}}',
    '{"a":{"__proto__":1}}',
    '{"a":[{"constructor":{"prototype":{}}}]}',
    '{"\\u005f_proto__":1}',
  ])("may not reach a prototype: %s", async (text) => {
    expect(await problemIn(() => fieldsOf(text))).toMatchObject({ code: "INVALID_REQUEST" });
    expect({}).not.toHaveProperty("isAdmin");
  });
});

describe("fields", () => {
  const schema = z.strictObject({
    key: z.string("must be a string").min(1, "is required"),
    seats: z.int("must be a whole number").optional(),
    machine: z.strictObject({ name: z.string("must be a string") }).optional(),
    note: z
      .string("must be a string")
      .min(1, "must not be empty")
      .regex(/^\w+$/, "must be a word")
      .optional(),
  });
  const problemOf = (fields: Record<string, unknown>) =>
    problemIn(() => parseFields(schema, fields));

  test("that fit are the input", () => {
    expect(parseFields(schema, { key: "k", seats: 2 })).toEqual({ key: "k", seats: 2 });
  });

  test.each<
    [string, Record<string, unknown>, string, { field: string; message: string; missing?: boolean }]
  >([
    ["absent", {}, "invalid_type", { field: "key", message: "is required", missing: true }],
    [
      "null",
      { key: null },
      "invalid_type",
      { field: "key", message: "is required", missing: true },
    ],
    ["empty", { key: "" }, "too_small", { field: "key", message: "is required", missing: true }],
    [
      "of another type",
      { key: 7 },
      "invalid_type",
      { field: "key", message: "must be a string", missing: false },
    ],
    [
      "unknown",
      { key: "k", kye: 1 },
      "unrecognized_keys",
      { field: "kye", message: "is not a field of this request" },
    ],
    [
      "wrong deeper down",
      { key: "k", machine: { name: 7 } },
      "invalid_type",
      { field: "machine.name", message: "must be a string", missing: false },
    ],
    [
      "unknown deeper down",
      { key: "k", machine: { name: "m", nmae: 1 } },
      "unrecognized_keys",
      { field: "machine.nmae", message: "is not a field of this request" },
    ],
    [
      "null where it may be left out",
      { key: "k", note: null },
      "invalid_type",
      { field: "note", message: "must be a string", missing: false },
    ],
    [
      "empty where it may be left out, once",
      { key: "k", note: "" },
      "too_small",
      { field: "note", message: "must not be empty", missing: false },
    ],
  ])("are named with what is wrong: %s", async (_, fields, code, expected) => {
    const problem = await problemOf(fields);
    expect(problem.fields).toEqual([{ ...expected, code }]);
    expect(problem.message).toBe(`${expected.field}: ${expected.message}`);
  });

  test("that are wrong are all named, five at most", async () => {
    expect((await problemOf({ seats: 1.5 })).message).toBe(
      "key: is required; seats: must be a whole number",
    );
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`x${index}`, 1]));
    expect((await problemOf(many)).fields).toHaveLength(5);
  });

  test("never have their values quoted", async () => {
    const secret = "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD";
    const problem = await problemOf({ key: [secret], seats: secret, machine: secret });
    expect(problem.fields).toHaveLength(3);
    expect(JSON.stringify([problem.message, problem.fields])).not.toContain(secret);
  });
});
