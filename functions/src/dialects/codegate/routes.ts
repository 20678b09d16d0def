import type { Dialect } from "../../http/router.ts";
import { getCodeByCode, getCodeById, listCodes } from "./codes.ts";
import { getProject, getStatistics } from "./project.ts";
import { reactivate, verifyCode } from "./redemption.ts";
import { codegateSurface } from "./surface.ts";

export const codegate: Dialect = {
  surface: codegateSurface,
  routes: [
    getProject,
    listCodes,
    getCodeById,
    getCodeByCode,
    verifyCode,
    reactivate,
    getStatistics,
  ],
};
