// biome-ignore lint/style/noRestrictedImports: the rule needs a library that reads addresses
export { urlProblem } from "../events/url.ts";
