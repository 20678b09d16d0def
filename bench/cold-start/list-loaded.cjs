// Preloaded: says at the end which files were read.
const { writeFileSync } = require("node:fs");

process.on("exit", () =>
  writeFileSync(process.env.LOADED_FILES, Object.keys(require.cache).join("\n")),
);
