import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";

describe("the addon", () => {
  it("is loaded once and names its libraries", () => {
    const addon = loadAddon();
    expect(loadAddon()).toBe(addon);
    const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
      version: string;
    };
    expect(addon.versions()).toEqual({
      addon: version,
      llama: "v0.5.0-de3ff81",
      faiss: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      xgboost: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      liblinear: expect.stringMatching(/^\d+\.\d+$/),
    });
  });

  it("exports what its contract names, and nothing else", () => {
    const contract = readFileSync(join(__dirname, "../../src/native/addon.ts"), "utf8");
    const body = /export interface Addon \{([\s\S]*?)\n\}/.exec(contract)?.[1] ?? "";
    const names = [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1]);
    expect(Object.keys(loadAddon()).sort()).toEqual(names.sort());
  });
});
