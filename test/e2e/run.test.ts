import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inferSchema, readTable, RunFolder, type Evaluation } from "../../src";
import { isNumberField } from "../../src/table/schema";
import { temporaryFolder } from "../support/temporary";

// The command as it is installed, on the embedded base model and the example: little training, every stage.
const BIN = join(__dirname, "../../bin/harmonic.js");
const TABLE = join(__dirname, "../../examples/diabetes.csv");
const out = join(temporaryFolder(), "diabetes");
const argv = [
  BIN,
  "run",
  TABLE,
  "--target",
  "Outcome",
  "--base",
  "smollm2-135m",
  "--out",
  out,
  "--epochs",
  "0.2",
  "--rows",
  "24",
  "--json",
];

it("turns the example into valid rows and scores, on the embedded base", async () => {
  const result = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect(result.stderr).toMatch(/^train: 0\.2 epochs of 537 rows, /m);
  expect(result.status).toBe(0);

  const real = await readTable(TABLE);
  const synthetic = await readTable(join(out, "synthetic.csv"));
  expect(synthetic.names).toEqual(real.names);
  expect(synthetic.nRows).toBe(24);
  // Integers stay integers, numbers keep their digits, every value lies in its column's range.
  for (const field of inferSchema(real, { target: "Outcome" }).fields) {
    const column = synthetic.columns.find(({ name }) => name === field.name)!;
    for (const text of column.texts) {
      if ("enum" in field.constraints) expect(field.constraints.enum).toContain(text);
      else if (isNumberField(field)) {
        expect(Number(text)).toBeGreaterThanOrEqual(field.constraints.minimum);
        expect(Number(text)).toBeLessThanOrEqual(field.constraints.maximum);
        expect(text).toMatch(field.type === "integer" ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/);
      }
    }
  }

  const printed = JSON.parse(result.stdout) as { evaluation: Evaluation };
  const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")) as Evaluation;
  expect(printed.evaluation).toEqual(metrics);
  expect(metrics.metrics.map(({ name }) => name)).toContain("learning-efficiency");

  // Even so little training must lower the loss on rows that it has not seen.
  const folder = await RunFolder.open(out);
  const { validationLossPerRowBefore, validationLossPerRowAfter } = folder.run.stages.train!.result!;
  expect(Number(validationLossPerRowAfter)).toBeLessThan(Number(validationLossPerRowBefore));
  await folder.close();
}, 600_000);
