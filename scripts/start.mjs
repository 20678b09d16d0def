const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(
    `Latchkey needs Node 22.13 or later; this is ${process.version}. ` +
      "`npm ci` installs a Node of its own: start with `npm start`.",
  );
  process.exit(1);
}

const { bundleIfStale } = await import("./build.mjs");
await bundleIfStale().catch((error) => {
  console.error(
    `latchkey cannot start: functions/lib is older than its sources, and building it failed: ${error.message}. ` +
      "Run `npm run build` as a user who may write there.",
  );
  process.exit(1);
});
await import("../functions/lib/local.cjs");
