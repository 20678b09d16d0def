import { expireDue } from "../operations/licenses/expire-due.ts";
import { defineSweep } from "./define-sweep.ts";

export const expireLicenses = defineSweep("expireLicenses", expireDue);
