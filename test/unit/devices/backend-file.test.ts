import { copyFileSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { findBackend, runtimeFolders } from "../../../src/devices/backend-file";
import { installCommand, packageOf } from "../../../src/devices/kinds";
import { writeBackendPackage } from "../../support/backend-folder";
import { temporaryFolder, withEnvironment } from "../../support/temporary";

const root = temporaryFolder();
const shared = join(root, "cache", "harmonic", "backends");
withEnvironment({ HARMONIC_BACKENDS_DIR: undefined, XDG_CACHE_HOME: join(root, "cache") });

/** Only such machines have prebuilt backends of this kind. */
const onLinux = packageOf("vulkan") === undefined ? describe.skip : describe;

onLinux("a backend", () => {
  it("is found in the folder for all projects, and in the one given first", () => {
    const path = writeBackendPackage(shared, "vulkan", { release: "v0.5.0" });
    expect(findBackend("vulkan")).toEqual({ path, release: "v0.5.0" });

    const given = join(root, "given");
    const first = writeBackendPackage(given, "vulkan", { release: "v0.4.9" });
    process.env.HARMONIC_BACKENDS_DIR = given;
    expect(findBackend("vulkan")).toEqual({ path: first, release: "v0.4.9" });
  });

  it("may lie in the given folder itself", () => {
    const path = writeBackendPackage(join(root, "other"), "vulkan", { release: "v0.5.0" });
    const bare = join(root, "bare");
    mkdirSync(bare);
    copyFileSync(path, join(bare, basename(path)));
    process.env.HARMONIC_BACKENDS_DIR = bare;
    expect(findBackend("vulkan")).toEqual({ path: join(bare, basename(path)), release: undefined });
    process.env.HARMONIC_BACKENDS_DIR = dirname(path);
    expect(findBackend("vulkan")?.release).toBe("v0.5.0");
  });

  it("is none where another package stands in its place", () => {
    const given = join(root, "impostor");
    const path = writeBackendPackage(given, "cuda", { release: "v0.5.0", name: "skipped" });
    process.env.HARMONIC_BACKENDS_DIR = given;
    expect(findBackend("cuda")?.path).not.toBe(path);
  });

  it("is installed by one command, at the version of the source", () => {
    expect(installCommand("vulkan")).toMatch(
      /^npm install --ignore-scripts --prefix \S+harmonic\/backends @node-llama-cpp\/\w+-x64-vulkan@3\.22\.1$/,
    );
    expect(installCommand("metal")).toBeUndefined();
  });
});

it("libraries of pip's wheels are looked for beside backends", () => {
  mkdirSync(join(shared, "nvidia", "cu13", "lib"), { recursive: true });
  expect(runtimeFolders()).toContain(join(shared, "nvidia", "cu13", "lib"));
});
