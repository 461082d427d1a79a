// A backend that is loaded stays, and a driver may end the process: tests of a device run alone, where it is named.
const device = process.env.HARMONIC_TEST_DEVICE;
if (device === "vulkan") {
  // Mesa's renderer on the processor, in 32 bits, whose results can be compared. The backend reads these where it is
  // loaded: a test, which has a copy of the environment, comes too late.
  process.env.GGML_VK_VISIBLE_DEVICES ??= "0";
  process.env.GGML_VK_DISABLE_F16 ??= "1";
}

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

function projectsOf(name) {
  if (name === undefined) return ["unit", "integration", "parity", "e2e"];
  return [name === "idle" ? "idle-card" : "device"];
}

module.exports = {
  projects: projectsOf(device).map(project),
  // Two cores: a test that trains or samples takes one, and the models of more would not fit small machines.
  maxWorkers: 2,
  // A renderer on the processor has time.
  testTimeout: device === undefined ? 240_000 : 900_000,
};
