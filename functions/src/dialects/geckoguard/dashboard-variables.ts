import * as z from "zod";
import {
  MAX_VARIABLE_LENGTH,
  MOST_VARIABLES_AT_ONCE,
  VARIABLE_KEY_FORM,
  VARIABLE_SCOPES,
} from "../../core/app-variables.ts";
import { deleteAppVariable } from "../../operations/app-variables/delete-variable.ts";
import { listAppVariables } from "../../operations/app-variables/list-variables.ts";
import { setAppVariables } from "../../operations/app-variables/set-variables.ts";
import { variableItem } from "./app-variables.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { text, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";
import { productPath as whose } from "./whose.ts";

const PATH = "/v1/dashboard/app-variables/products/:productId";

const scope = z.enum(VARIABLE_SCOPES, `must be ${VARIABLE_SCOPES.join(" or ")}`);

const variable = z
  .object({
    scope,
    licenseId: uuid.nullish().transform((id) => id ?? null),
    key: z
      .string("must be a string")
      .regex(VARIABLE_KEY_FORM, "must be 1 to 100 letters, digits, dots, hyphens and underscores"),
    value: text(MAX_VARIABLE_LENGTH),
  })
  .superRefine(({ scope, licenseId }, context) => {
    const told = (message: string) =>
      context.addIssue({ code: "custom", path: ["licenseId"], message });
    if (scope === "USER" && licenseId === null) told("is required");
    if (scope === "GLOBAL" && licenseId !== null) told("goes with the scope USER only");
  });

export const listVariables = dashboardRoute({
  method: "GET",
  path: PATH,
  ability: "variable.read",
  whose,
  query: z.object({ scope: scope.optional(), licenseId: uuid.optional(), ...paging() }),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listAppVariables(deps, principal, { ...ids, ...query });
    if (!listed.ok) return listed;
    const { variables, total } = listed;
    return { variables: variables.map(variableItem), ...pagination({ ...query, total }) };
  },
});

export const setVariable = dashboardRoute({
  method: "PUT",
  path: PATH,
  ability: "variable.change",
  whose,
  body: variable,
  async handle(deps, { principal }, { ids, body }) {
    const set = await setAppVariables(deps, principal, { ...ids, variables: [body] });
    if (!set.ok) return set;
    const [one] = set.variables.map(variableItem);
    return { variable: one };
  },
});

export const setVariables = dashboardRoute({
  method: "PUT",
  path: `${PATH}/bulk`,
  ability: "variable.change",
  whose,
  body: z.object({
    variables: z
      .array(variable, "must be a list of variables")
      .min(1, "must have at least one variable")
      .max(MOST_VARIABLES_AT_ONCE, `must have at most ${MOST_VARIABLES_AT_ONCE} variables`),
  }),
  async handle(deps, { principal }, { ids, body }) {
    const set = await setAppVariables(deps, principal, { ...ids, ...body });
    return set.ok ? { variables: set.variables.map(variableItem) } : set;
  },
});

export const deleteVariable = dashboardRoute({
  method: "DELETE",
  path: `${PATH}/:variableId`,
  ability: "variable.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const deleted = await deleteAppVariable(deps, principal, ids);
    return deleted.ok ? { deleted: true } : deleted;
  },
});
