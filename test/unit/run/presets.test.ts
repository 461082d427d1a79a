import { plainPreprocessSettings } from "../../../src/run/stages/preprocess";
import { plainTrainSettings } from "../../../src/run/stages/train";
import { withPreset } from "../../../src/run/presets";

it("changes nothing where no preset is asked for", () => {
  expect(withPreset(undefined, "train", { rank: 4 })).toEqual({ rank: 4 });
  expect(withPreset(undefined, "train", undefined)).toEqual({});
});

it("gives the paper's settings, what is given winning", () => {
  expect(plainPreprocessSettings(withPreset("harmonic-paper", "preprocess", { k: 3 }))).toMatchObject({
    format: "dict",
    k: 3,
  });
  expect(
    plainTrainSettings(withPreset("harmonic-paper", "train", { rank: 8 }), { name: "any" }),
  ).toMatchObject({
    ...{
      rank: 8,
      alpha: 32,
      dropout: 0.05,
      learningRate: 3e-4,
      weightDecay: 1e-5,
      schedule: "cosine",
      warmup: 0.01,
    },
    ...{ batch: 16, epochs: 1, groups: "knn", loss: "last", vocabulary: "full" },
  });
});
