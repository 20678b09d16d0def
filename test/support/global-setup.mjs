// Once before all workers: server processes then find a bundle that nobody rebuilds under them.
// biome-ignore lint/style/noDefaultExport: Jest asks for it
export { bundleIfStale as default } from "../../scripts/build.mjs";
