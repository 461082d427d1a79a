import { cellsOf } from "../../src/evaluate/cells";
import { createContext } from "../../src/evaluate/context";
import type { Metric, MetricResult } from "../../src/evaluate/metric";
import { attributeInference } from "../../src/evaluate/metrics/attribute-inference";
import { linkability } from "../../src/evaluate/metrics/linkability";
import { singlingOut } from "../../src/evaluate/metrics/singling-out";
import reference from "./reference/anonymeter.json";
import { COLUMNS, referenceTables } from "./reference-tables";

// Risks by anonymeter-risks.py, from Anonymeter, of the same tables.
const tables = referenceTables(COLUMNS);
const context = createContext({ ...tables, seed: 1, threads: 2 });

function riskOf(metric: Metric, table: "synthetic" | "copied"): Promise<MetricResult> {
  return metric.compute(cellsOf(tables[table]), context, tables[table], table);
}

interface Expected {
  value: number;
  low: number;
  high: number;
}

function expectWithin(name: string, value: number, { low, high }: Expected): void {
  expect({ name, value, low, high, within: value >= low && value <= high }).toMatchObject({ within: true });
}

describe.each(["synthetic", "copied"] as const)(
  "risks of the %s rows lie in Anonymeter's intervals",
  (table) => {
    test.each([singlingOut, linkability])("$name", async (metric) => {
      const { value } = await riskOf(metric, table);
      expectWithin(metric.name, value, reference[table][metric.name as "singling-out"]);
    });

    test("attribute-inference, column by column", async () => {
      const { detail } = await riskOf(attributeInference, table);
      const expected = reference[table]["attribute-inference"] as Record<string, Expected>;
      for (const { name, value } of detail!.columns as { name: string; value: number }[]) {
        expectWithin(name, value, expected[name]!);
      }
    });
  },
);
