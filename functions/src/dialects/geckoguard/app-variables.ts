import * as z from "zod";
import { type AppVariable, VARIABLE_SCOPES } from "../../core/app-variables.ts";
import { readAppVariables } from "../../operations/app-variables/read-variables.ts";
import { bindTo } from "./authenticate.ts";
import { keyRoute } from "./define-route.ts";
import { iso, text, uuid } from "./fields.ts";

const key = text(128).min(1, "is required");

/** What is left out follows from the rest: the key's product, and with a license key its own variables. */
const query = z
  .object({
    productId: uuid.optional(),
    scope: z.enum(VARIABLE_SCOPES, `must be ${VARIABLE_SCOPES.join(" or ")}`).optional(),
    licenseKey: key.optional(),
  })
  .transform((given, context) => {
    const { licenseKey, scope = licenseKey === undefined ? "GLOBAL" : "USER" } = given;
    if (scope === "GLOBAL") return { ...given, wanted: { scope } };
    if (licenseKey !== undefined) return { ...given, wanted: { scope, licenseKey } };
    context.addIssue({ code: "custom", path: ["licenseKey"], message: "is required" });
    return z.NEVER;
  });

export const readVariables = keyRoute({
  method: "GET",
  path: "/v1/app-variables",
  scope: "variable:read",
  query,
  async handle(deps, caller, { query: { productId = caller.productId, wanted } }) {
    bindTo(caller, productId);
    const read = await readAppVariables(deps, { productId, ...wanted });
    return read.ok ? { variables: read.variables.map(variableItem) } : read;
  },
});

export const variableItem = ({ id, scope, licenseId, key, value, updatedAt }: AppVariable) => ({
  id,
  scope,
  licenseId,
  key,
  value,
  updatedAt: iso(updatedAt),
});
