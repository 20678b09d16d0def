import { forgetProducts as forget } from "../operations/products/forget-products.ts";
import { defineSweep } from "./define-sweep.ts";

export const forgetProducts = defineSweep("forgetProducts", forget);
