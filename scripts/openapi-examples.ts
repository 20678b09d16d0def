import * as z from "zod";
import { withoutCredential } from "../functions/src/http/authenticate.ts";
import type { AnyEndpointSpec } from "../functions/src/http/endpoint.ts";
import { csvRow } from "../functions/src/http/exports.ts";
import { Problem } from "../functions/src/http/problem.ts";
import { parseFields } from "../functions/src/http/request.ts";

type Schema = z.core.JSONSchema.BaseSchema;

/** What the examples of a schema's fields make together; throws where a required field has none. */
export function exampleOf(schema: z.ZodType, io: "input" | "output"): unknown {
  const root: Schema = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const example = derived(root, root.$defs ?? {});
  if (example === undefined) throw new Error(`${root.id ?? root.title}: has no example`);
  return example;
}

function derived(schema: Schema, named: Readonly<Record<string, Schema>>): unknown {
  if (schema["example"] !== undefined) return schema["example"];
  if (schema.const !== undefined) return schema.const;
  if (schema.$ref) return derived(named[schema.$ref.replace("#/$defs/", "")] ?? {}, named);
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).flatMap(([name, field]) => {
        const example = derived(field as Schema, named);
        if (example !== undefined) return [[name, example]];
        if (schema.required?.includes(name)) throw new Error(`${name}: has no example`);
        return [];
      }),
    );
  }
  if (schema.items) {
    const item = derived(schema.items as Schema, named);
    return item === undefined ? undefined : [item];
  }
  return schema.anyOf?.map((one) => derived(one as Schema, named)).find((one) => one !== undefined);
}

/** The same rows as CSV. */
export function csvExample(rows: unknown): string {
  const [row = {}] = rows as Record<string, string>[];
  return csvRow(Object.keys(row)) + csvRow(Object.values(row));
}

/** What the edge itself answers to a request that is empty, or has a field too many where that is allowed. */
export function problemExamples(spec: AnyEndpointSpec) {
  const { surface, access } = spec;
  const refused = () =>
    [{}, { typo: true }].flatMap((fields) => refusedFields(spec.input, fields)).slice(0, 1);
  const problems =
    access === "webhook"
      ? spec.unproven
      : [...(access === "public" ? [] : [withoutCredential()]), ...refused()];
  return problems.map((problem) => ({
    code: problem.code,
    ...surface.problem(problem, "b7e23ec2-9af0-4a1c-8f5d-3c6f1e2d4b5a"),
  }));
}

function refusedFields(input: z.ZodType, fields: Record<string, unknown>): Problem[] {
  try {
    parseFields(input, fields);
    return [];
  } catch (error) {
    if (error instanceof Problem) return [error];
    throw error;
  }
}
