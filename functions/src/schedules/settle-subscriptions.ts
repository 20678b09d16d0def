import { settleDue } from "../operations/subscriptions/settle-due.ts";
import { defineSweep } from "./define-sweep.ts";

export const settleSubscriptions = defineSweep(
  "settleSubscriptions",
  (deps, { maxLicenses: most }) => settleDue(deps, { most }),
);
