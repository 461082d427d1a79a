import { evaluate } from "../../src/evaluate/evaluate";
import type { Evaluation, Score } from "../../src/evaluate/evaluation";
import type { Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { TextColumnBuilder, type TableSource } from "../../src/table/source";
import reference from "./reference/evaluate.json";

// Tables and values by evaluate.py, from SDMetrics, scikit-learn and XGBoost's Python package.
type Rows = Record<string, (string | number)[]>;

const FEATURES = ["age", "pay", "hours", "job", "town"];

function toSource(path: string, rows: Rows, names: string[]): TableSource {
  const columns = names.map((name) => {
    const builder = new TextColumnBuilder(name);
    for (const cell of rows[name]!) builder.push(String(cell));
    return builder.finish();
  });
  return { path, names, nRows: columns[0]!.codes.length, columns };
}

/** Scores the synthetic rows with these columns alone; the target is the last of them. */
async function score(names: string[], target?: string): Promise<Evaluation> {
  const tables = reference.tables as Record<"train" | "test" | "synthetic", Rows>;
  const schema = inferSchema(toSource("train", tables.train, names), target === undefined ? {} : { target });
  const read = (name: keyof typeof tables): Column[] =>
    toColumns(toSource(name, tables[name], names), schema, { unknown: "extend" });
  const synthetic = [{ name: "synthetic", columns: read("synthetic") }];
  return await evaluate({ schema, train: read("train"), test: read("test"), synthetic });
}

function scoreOf(evaluation: Evaluation, metric: string, table: string): Score {
  return evaluation.metrics
    .find(({ name }) => name === metric)!
    .scores.find((score) => score.table === table)!;
}

describe("SDMetrics' column and pair scores", () => {
  let evaluation: Evaluation;
  beforeAll(async () => {
    evaluation = await score(Object.keys(reference.tables.train));
  });

  test("each column's shape, within 1e-9", () => {
    const { columns } = scoreOf(evaluation, "column-shapes", "synthetic").detail;
    for (const { name, score } of columns as { name: string; score: number }[]) {
      expect(score).toBeCloseTo(reference.shapes[name as keyof typeof reference.shapes], 9);
    }
  });

  test("each pair's trend with shared bins, within 1e-9", () => {
    const { pairs } = scoreOf(evaluation, "pair-trends", "synthetic").detail;
    expect(pairs).toHaveLength(reference.trends.length);
    (pairs as { columns: string[]; score: number }[]).forEach(({ columns, score }, i) => {
      expect(columns).toEqual(reference.trends[i]!.columns);
      expect(score).toBeCloseTo(reference.trends[i]!.score, 9);
    });
  });
});

describe.each(["buys", "kind", "spends"] as const)("learners that predict %s", (target) => {
  let evaluation: Evaluation;
  beforeAll(async () => {
    evaluation = await score([...FEATURES, target], target);
  });

  test.each(["real", "synthetic"] as const)(
    "trained on %s rows: linear models within 0.01, boosted trees within 0.03, of scikit-learn and XGBoost 2",
    (table) => {
      const { parts } = scoreOf(evaluation, "learning-efficiency", table);
      for (const [key, expected] of Object.entries<number>(reference.learning[target][table])) {
        // errors in the target's unit are compared relative to the expected one
        const scale = key.endsWith("rmse") ? expected : 1;
        const tolerance = key.startsWith("xgboost") ? 0.03 : 0.01;
        expect({
          key,
          far: Math.abs(parts[key]! - expected) / scale > tolerance,
          got: parts[key],
          expected,
        }).toMatchObject({
          far: false,
        });
      }
    },
  );
});
