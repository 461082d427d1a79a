import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeData } from "../../benchmarks/gpu/data";
import type { Measurement } from "../../benchmarks/harness/trial";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const ROOT = join(__dirname, "..", "..");
const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

interface Results {
  name: string;
  machine: { gpu: string; cores: number };
  trials: Measurement[];
  ratios: Record<string, number>;
}

test("what a GPU is to be measured with is prepared, and runs on the processor", async () => {
  writeTinyGguf(at("base.gguf"));
  await writeData(at("data"), "diabetes", at("base.gguf"), 0.01);
  const { stderr } = spawnSync("bash", [join(ROOT, "benchmarks/gpu/run.sh"), at("out")], {
    encoding: "utf8",
    env: {
      ...process.env,
      ...{ DEVICE: "cpu", SKIP_BUILD: "1", PART_SECONDS: "0", DATA: at("data"), BUILD: at("build") },
      BENCH: join(ROOT, "build/Release/harmonic-bench"),
      // The peers are missing: a machine may have no PyTorch.
      PYTHON: "false",
    },
  });
  expect(stderr).toContain("gpu.json");
  const results = JSON.parse(readFileSync(at("out/gpu.json"), "utf8")) as Results;
  expect(results).toMatchObject({ name: "gpu", machine: { gpu: "none" } });
  const failed = results.trials.filter(({ error }) => error !== undefined);
  expect(new Set(failed.map(({ subject }) => subject))).toEqual(new Set(["peft", "pytorch"]));
  const of = (metric: string, settings: object): number[] =>
    results.trials
      .filter((trial) => trial.metric === metric)
      .filter((trial) => Object.entries(settings).every(([key, value]) => trial.settings[key] === value))
      .map(({ median }) => median!);
  // The processor beside itself.
  expect(of("gradient_error", {})).toEqual([0, 0]);
  for (const format of ["compact", "json"]) {
    for (const prompts of ["examples", "none"]) {
      // compact rows with examples by llama.cpp too
      const n = format === "compact" && prompts === "examples" ? 2 : 1;
      expect(of("rows_per_second", { format, prompts, rowsPerPrompt: 8 })).toHaveLength(n);
    }
  }
  expect(of("rows_per_second", { format: "cells" })).toHaveLength(1);
  expect(of("tokens_per_row", { format: "compact", prompts: "none" })[0]).toBeGreaterThan(1);
  expect(Object.keys(results.ratios)).toContain("rows_of_bandwidth_cells_none");
});
