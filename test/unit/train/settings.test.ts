import { adapterAlpha, defaultEpochs, parseTrainSettings } from "../../../src/train/settings";

it.each([
  [{ rank: 0 }, "rank"],
  [{ rank: 1.5 }, "rank"],
  [{ targets: [] }, "targets"],
  [{ targets: ["z" as "q"] }, "targets"],
  [{ learningRate: NaN }, "learningRate"],
  [{ learningRate: -1 }, "learningRate"],
  [{ epochs: 0 }, "epochs"],
  [{ weights: "q4" as "f32" }, "weights"],
])("refuses %j by name", (settings, name) => {
  expect(() => parseTrainSettings(settings)).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: expect.stringContaining(`\`${name}`) as string }),
  );
});

it("goes through a small table several times and a large one once", () => {
  expect(defaultEpochs(491)).toBe(8);
  expect(defaultEpochs(2000)).toBe(2);
  expect(defaultEpochs(26_048)).toBe(1);
});

it("scales by alpha / rank, with rsLoRA by alpha / sqrt(rank)", () => {
  expect(adapterAlpha({ alpha: 32, rank: 64, rslora: false }) / 64).toBe(32 / 64);
  expect(adapterAlpha({ alpha: 32, rank: 64, rslora: true }) / 64).toBe(32 / 8);
});
