// Dates in tests never depend on where the machine stands.
process.env.TZ = "UTC";

export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  // What the functions emulator runs is staged there, a second package of ours.
  modulePathIgnorePatterns: ["<rootDir>/.latchkey/"],
  globalSetup: "<rootDir>/test/support/global-setup.mjs",
  testSequencer: "<rootDir>/test/support/longest-first.mjs",
  transform: {
    "^.+\\.[cm]?[jt]s$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024" },
        module: { type: "commonjs" },
      },
    ],
  },
  // jose is published as ES modules only.
  transformIgnorePatterns: ["/node_modules/(?!jose/)"],
  testTimeout: 30_000,
};
