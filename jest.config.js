// Tests of a device take Mesa's renderer on the processor, in 32 bits, whose results can be compared. The backend reads
// these where it is loaded: a test, which has a copy of the environment, comes too late.
process.env.GGML_VK_VISIBLE_DEVICES ??= "0";
process.env.GGML_VK_DISABLE_F16 ??= "1";

/** @type {import("jest").Config} */
const shared = {
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/third_party/", "<rootDir>/build/"],
};

const project = (name) => ({
  ...shared,
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

module.exports = {
  projects: ["unit", "integration", "parity", "e2e"].map(project),
  // Two cores: a test that trains or samples takes one, and the models of more would not fit small machines.
  maxWorkers: 2,
  testTimeout: 240_000,
};
