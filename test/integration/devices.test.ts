import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageOf } from "../../src/devices/kinds";
import { loadAddon } from "../../src/native/load";
import { writeBackendPackage } from "../support/backend-folder";
import { harmonic } from "../support/cli";
import { temporaryFolder, withEnvironment } from "../support/temporary";

const root = temporaryFolder();
// Nothing that this machine may have installed.
withEnvironment({ XDG_CACHE_HOME: join(root, "cache"), HARMONIC_BACKENDS_DIR: join(root, "none") });

/** Only such machines have prebuilt backends for cards, and a loader that says what it misses. */
const onLinux = process.platform === "linux" && packageOf("cuda") !== undefined ? it : it.skip;

describe("harmonic doctor", () => {
  it("tells what the machine has, as JSON", async () => {
    const { code, stdout } = await harmonic(["doctor", "--json"]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout.toString());
    expect(found).toMatchObject({
      versions: { llama: "v0.5.0-de3ff81", node: process.versions.node },
      memory: { total: expect.any(Number) },
      device: { kind: "cpu" },
      models: [{ name: "smollm2-135m", path: null }],
    });
    expect(found.cpu.features.length).toBeGreaterThan(0);
    expect(found.cpu.cores).toBeGreaterThan(0);
  });

  onLinux("names what a backend takes, and the command that installs it", async () => {
    const { stdout } = await harmonic(["doctor"]);
    expect(stdout.toString()).toMatch(
      /^Vulkan\n {2}-- {2}Vulkan backend: the package @node-llama-cpp\/linux-x64-vulkan is not installed\n {6}npm install .*vulkan@3\.22\.1$/m,
    );
    expect(stdout.toString()).toMatch(/^device: cpu$/m);
  });
});

const BENCH = `tables: { a: { train: a.csv, test: a.csv, target: y } }
methods: { ours: { run: {} } }
seeds: [0]
out: out
`;

describe("--device", () => {
  it("takes the processor where there is nothing else", async () => {
    const { stderr } = await harmonic(["train", join(root, "none"), "--device", "auto"]);
    expect(stderr).toMatch(/^device: cpu\n/);
  });

  it("ends with all that is missing where a device cannot be used", async () => {
    writeFileSync(join(root, "bench.yaml"), BENCH);
    for (const command of ["run", "preprocess", "train", "sample", "evaluate", "bench"]) {
      const argv = [
        command,
        join(root, command === "bench" ? "bench.yaml" : "table.csv"),
        "--device",
        "metal",
      ];
      if (command === "sample") argv.push("--out", join(root, "rows.csv"));
      const { code, stderr } = await harmonic(argv);
      expect(stderr).toMatch(
        /^error: the device metal cannot be used on this machine: missing are the Metal backend \(/,
      );
      expect(code).toBe(1);
    }
  });

  onLinux("names package, driver and runtime, and how to get them", async () => {
    const { code, stderr } = await harmonic(["train", root, "--device", "cuda"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /the CUDA backend \(the package @node-llama-cpp\/linux-x64-cuda is not installed\)/,
    );
    expect(stderr).toMatch(/hint: npm install .*cuda@3\.22\.1/);
    if (loadAddon().libraryObstacle("libcuda.so.1") !== "") {
      expect(stderr).toMatch(/the NVIDIA driver \(libcuda\.so\.1: cannot open/);
    }
  });

  onLinux("refuses a backend of another release by name", async () => {
    const given = join(root, "older");
    const path = writeBackendPackage(given, "vulkan", { release: "v0.4.9" });
    process.env.HARMONIC_BACKENDS_DIR = given;
    const { code, stderr } = await harmonic(["train", root, "--device", "vulkan"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`the Vulkan backend (${path} is of llama.cpp v0.4.9, expected v0.5.0)`);
    const auto = await harmonic(["train", root]);
    expect(auto.stderr).toMatch(
      /^device: cpu \(Vulkan lacks the Vulkan backend \(.* is of llama\.cpp v0\.4\.9/,
    );
  });

  it("is one of some names", async () => {
    const { code, stderr } = await harmonic(["train", root, "--device", "tpu"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/expected one of "auto", "cpu", "cuda", "vulkan", "metal" for `device`/);
  });
});

it("a library that is no backend is refused with the system's reason", () => {
  const path = writeBackendPackage(join(root, "broken"), "vulkan", { release: "v0.5.0" });
  expect(() => loadAddon().loadBackend(path, [])).toThrow(
    /libggml-vulkan\.so cannot be used: .*(file too short|invalid ELF)/,
  );
  expect(() => loadAddon().loadBackend(path, [join(root, "gone.so")])).toThrow(/gone\.so cannot be loaded/);
});

it("set-up installs no backend for cards: npm is given an empty package in the place of each", () => {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(__dirname, "../..", path), "utf8"));
  const { overrides } = read("package.json") as { overrides: Record<string, string> };
  const { packages } = read("package-lock.json") as {
    packages: Record<string, { name?: string; optionalDependencies?: Record<string, string> }>;
  };
  const optional = Object.keys(packages["node_modules/node-llama-cpp"]!.optionalDependencies!);
  const ofCards = optional.filter((name) => /cuda|vulkan/.test(name));
  expect(ofCards.length).toBeGreaterThan(3);
  for (const name of ofCards) {
    expect(overrides[name]).toMatch(/^npm:@favware\/skip-dependency@/);
    expect(packages[`node_modules/${name}`]?.name).toBe("@favware/skip-dependency");
  }
});
