import { suspendDue } from "../operations/licenses/suspend-due.ts";
import { defineSweep } from "./define-sweep.ts";

export const suspendLicenses = defineSweep("suspendLicenses", suspendDue);
