import { join } from "node:path";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();

describe("harmonic model", () => {
  it("lists the registered models", async () => {
    const { code, stdout } = await harmonic(["model", "list", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual([
      expect.objectContaining({ name: "smollm2-135m", license: "Apache-2.0", size: 98_362_432 }),
    ]);
  });

  it("says what the embedded base is, and that it can be trained", async () => {
    const { stdout } = await harmonic(["model", "info", "--json"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      name: "smollm2-135m",
      architecture: "llama",
      fileType: "Q4_1",
      nParameters: 134_515_008,
      untrainable: "",
    });
  });

  it("says of another GGUF why it cannot be trained", async () => {
    const path = join(root, "internlm2.gguf");
    writeTinyGguf(path, { architecture: "internlm2", tied: false });
    const { code, stdout } = await harmonic(["model", "info", path]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^untrainable: its architecture is "internlm2"/m);
  });

  it("refuses a name that is not registered", async () => {
    expect(await harmonic(["model", "pull", "gpt-9"])).toMatchObject({
      code: 2,
      stderr:
        "error: expected the name of a registered model but received gpt-9\nhint: one of: smollm2-135m\n",
    });
  });
});
