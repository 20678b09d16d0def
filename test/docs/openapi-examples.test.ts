import { Ajv2020 } from "ajv/dist/2020.js";
import {
  document,
  filled,
  type Media,
  operations,
  requestOf,
  run,
  seeded,
} from "../support/examples.ts";
import {
  ADMIN_SECRET,
  endpoints,
  type Json,
  MINUTE,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

const DONE = { success: true, status: "done" };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

// The schemas say by a pattern what their formats mean.
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: "openapi", components: document.components });
function expectValid(schema: Json, value: unknown) {
  const local = JSON.stringify(schema).replaceAll("#/components/", "openapi#/components/");
  ajv.validate(JSON.parse(local) as Json, value);
  expect(ajv.errors ?? []).toEqual([]);
}

const adminBodies = operations.flatMap(({ name, operation: { tags, requestBody } }) =>
  requestBody && tags.includes("Admin")
    ? [{ name, ...requestBody.content["application/json"] }]
    : [],
);

test.each(adminBodies)("$name may be sent its credential in the body", ({ schema, example }) => {
  expectValid(schema, { ...(example as Json), adminSecret: ADMIN_SECRET });
});

/** The names of the lists in an example, `licenses.unlockedProducts` for one, that hold something. */
const filledLists = (value: unknown, path = ""): string[] => {
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : [path, ...filledLists(value[0], path)];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, held]) => filledLists(held, `${path}.${name}`));
};

describe.each(operations)("$method $name", ({ name, method, operation }) => {
  test("every example of an answer fits its schema", () => {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      for (const { schema, example, examples = {} } of Object.values(content)) {
        if (status === "200") expectValid(schema, example);
        for (const { value } of Object.values(examples)) expectValid(schema, value);
      }
    }
  });

  test("200 the example of a request, with an answer that fits its schema", async () => {
    const made = await seeded(world, name);
    const example = requestOf(operation);
    const schema = operation.requestBody?.content["application/json"].schema;
    if (schema) expectValid(schema, example);
    const fields = filled(example, made);
    const contents = operation.responses["200"]?.content ?? {};
    const formats = Object.keys(contents).length > 1 ? [{}, { format: "json" }] : [{}];
    const types = new Set<string>();
    for (const format of formats) {
      const { status, type, body } = await run(world, { name, method }, { ...fields, ...format });
      const done = operation.tags.includes("Payments") || name === "retryInboundEvent";
      expect({ status, body }).toMatchObject({ status: 200, ...(done && { body: DONE }) });
      const { schema: shape = {}, example: shown } = contents[type] as Media;
      expectValid(shape, body);
      expect(filledLists(body)).toEqual(expect.arrayContaining(filledLists(shown)));
      types.add(type);
    }
    expect([...types]).toEqual(Object.keys(contents));
  });

  test("200 the example in each content type, once", async () => {
    await seeded(world, name);
    const types = Object.keys(operation.requestBody?.content ?? {});
    for (const sent of types.length > 1 ? types : []) {
      const { status, body } = await run(world, { name, method }, requestOf(operation), { sent });
      expect({ status, body }).toMatchObject({ status: 200, body: DONE });
    }
  });

  test("400 and 401 as their examples say", async () => {
    const shown = (status: number, code: string) =>
      operation.responses[status]?.content["application/json"]?.examples?.[code]?.value;
    const at = NOW - 6 * MINUTE;
    const empty = await run(world, { name, method }, {}, { at });
    const odd = await run(world, { name, method }, { typo: true }, { at });
    const refused = [empty, odd].find(({ status }) => status === 400);
    expect(shown(400, "INVALID_REQUEST")).toEqual(refused?.body);
    const closed = await run(world, { name, method }, requestOf(operation), { proven: false });
    const guarded = endpoints.get(name)?.access !== "public";
    expect(shown(401, "UNAUTHENTICATED")).toEqual(guarded ? closed.body : undefined);
  });
});
