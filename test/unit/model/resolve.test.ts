import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveBase } from "../../../src/model/resolve";
import { temporaryFolder, withEnvironment } from "../../support/temporary";

const folder = temporaryFolder();

describe("resolveBase", () => {
  withEnvironment({ XDG_CACHE_HOME: folder });

  it("takes the path of a GGUF and hashes it", async () => {
    const path = join(folder, "some.gguf");
    writeFileSync(path, "GGUF and more");
    const sha256 = createHash("sha256").update("GGUF and more").digest("hex");
    expect(await resolveBase(path)).toEqual({ name: path, path, sha256 });
  });

  it("says how to pull a registered model that is not there", async () => {
    await expect(resolveBase("smollm2-135m")).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringContaining("the base model smollm2-135m is not on this machine"),
      hint: "harmonic model pull smollm2-135m",
    });
  });

  it("refuses a file that is not a GGUF", async () => {
    const path = join(folder, "table.csv");
    writeFileSync(path, "a,b\n1,2\n");
    await expect(resolveBase(path)).rejects.toMatchObject({
      code: "E_MODEL",
      message: `${path} is not a GGUF: expected it to begin with the bytes "GGUF"`,
    });
  });

  it("refuses an empty file and a folder", async () => {
    const path = join(folder, "empty.gguf");
    writeFileSync(path, "");
    await expect(resolveBase(path)).rejects.toMatchObject({ code: "E_MODEL" });
    await expect(resolveBase(folder)).rejects.toMatchObject({ code: "E_MODEL" });
  });

  it("refuses an unknown name and lists the registered ones", async () => {
    await expect(resolveBase("no-such-model")).rejects.toMatchObject({
      code: "E_MODEL",
      message: "the base model no-such-model does not exist",
      hint: expect.stringContaining("smollm2-135m"),
    });
  });
});

describe("a registered model in the cache", () => {
  const cache = temporaryFolder();
  withEnvironment({ XDG_CACHE_HOME: cache });

  it("is refused where its bytes are not the pinned ones", async () => {
    mkdirSync(join(cache, "harmonic", "models"), { recursive: true });
    writeFileSync(join(cache, "harmonic", "models", "SmolLM2-135M-Instruct.Q4_1.gguf"), "GGUF truncated");
    await expect(resolveBase("smollm2-135m")).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringContaining("is not the model smollm2-135m: expected SHA-256 b179c9"),
      hint: "harmonic model pull smollm2-135m, which replaces it",
    });
  });
});
