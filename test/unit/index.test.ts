import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as harmonic from "../../src";

describe("the library", () => {
  it("exports every stage as a function", () => {
    const stages = [
      "run",
      "readTable",
      "inferSchema",
      "preprocess",
      "train",
      "sample",
      "sampleToFile",
    ] as const;
    for (const name of [...stages, "evaluate", "renderReport", "writeTable"] as const) {
      expect(typeof harmonic[name]).toBe("function");
    }
  });

  it("exports nothing by accident", () => {
    expect(Object.keys(harmonic).sort()).toMatchInlineSnapshot(`
      [
        "DEFAULT_BASE",
        "HarmonicError",
        "MODELS",
        "PRESETS",
        "RunFolder",
        "batchesOf",
        "chooseDevice",
        "columnsFromBatches",
        "diagnose",
        "evaluate",
        "evaluateFiles",
        "evaluateFolder",
        "exportAdapter",
        "formatBench",
        "inferSchema",
        "isHarmonicError",
        "learnDependencies",
        "loadSchema",
        "mergeAdapter",
        "mergeParts",
        "modelInfo",
        "newModel",
        "openGenerator",
        "packageVersion",
        "parseCondition",
        "parseRule",
        "parseSchema",
        "preprocess",
        "preprocessTable",
        "pullModel",
        "readBenchFile",
        "readTable",
        "renderReport",
        "resolveAdapter",
        "resolveBase",
        "run",
        "runBench",
        "sample",
        "sampleFolder",
        "sampleToFile",
        "schemaToJson",
        "toColumns",
        "toRecordBatch",
        "train",
        "trainFolder",
        "versions",
        "writeTable",
      ]
    `);
  });

  it("has the version of its package", () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
      version: string;
    };
    expect(harmonic.packageVersion()).toBe(version);
  });
});
