import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../../src/evaluate/evaluate";
import { valueOf, type Evaluation } from "../../src/evaluate/evaluation";
import { readTables } from "../../src/evaluate/read-tables";
import { temporaryFolder } from "../support/temporary";

const folder = temporaryFolder();
type Row = (i: number) => string;

/** Scores of so many training, test and synthetic rows of columns a, b, c and the target y, by the original's formulas too. */
async function scoresOf(sizes: [number, number, number], ...rows: [Row, Row, Row]): Promise<Evaluation> {
  const [train, test, synthetic] = rows.map((row, table) => {
    const path = join(folder, `${table}.csv`);
    const lines = Array.from({ length: sizes[table]! }, (_, i) => row(i));
    writeFileSync(path, ["a,b,c,y", ...lines, ""].join("\n"));
    return path;
  });
  const paths = { train: train!, test: test!, synthetic: [{ name: "mine", path: synthetic! }] };
  return evaluate({ ...(await readTables(paths, { target: "y" })), compat: true, threads: 2 });
}

const usual: Row = (i) => `${i},x${i % 3},${(i * 7) % 20},${i % 2}`;

test.each([1, 2, 3])("tables of %d rows are scored as far as they go", async (n) => {
  const { metrics, warnings } = await scoresOf([n, n, n], usual, usual, usual);
  expect(metrics.map(({ scores }) => scores.length)).toEqual(metrics.map(() => 2));
  expect(warnings.join("\n")).toMatch(/mine: Detection: fewer than 10 rows/);
  expect(warnings.join("\n")).toMatch(/mine: Membership inference: too few rows to attack/);
});

test("a target of one value leaves nothing to learn, and says so", async () => {
  const constant: Row = (i) => `${i},x${i % 3},${i * 2},same`;
  const { warnings } = await scoresOf([40, 30, 30], constant, constant, constant);
  expect(warnings.join("\n")).toMatch(/mine: MLE: weighted F1: the rows hold one value of the target only/);
});

test("rows without a target are not learnt from", async () => {
  const without: Row = (i) => `${i},x1,${i},`;
  const half: Row = (i) => `${i},x${i % 3},${i},${i % 4 === 0 ? "" : i % 2}`;
  const evaluation = await scoresOf([40, 30, 30], half, half, without);
  expect(valueOf(evaluation, "learning-efficiency", "mine")).toBeUndefined();
  expect(valueOf(evaluation, "learning-efficiency", "real")).toBeGreaterThan(0);
  expect(evaluation.warnings.join("\n")).toMatch(
    /mine: MLE: weighted F1, MLE as the original's: no row has a value in the target/,
  );
});

test.each<[string, Row]>([
  ["categories", (i) => `${i % 10},,${(i * 7) % 10},${i % 2}`],
  ["numbers", (i) => `,x${i % 5},${(i * 7) % 10},${i % 2}`],
])("a column of %s without any value is scored like any other", async (_, row) => {
  const evaluation = await scoresOf([40, 30, 30], row, row, row);
  for (const metric of ["missing-patterns", "column-shapes", "coverage"]) {
    expect(valueOf(evaluation, metric, "mine")).toBeCloseTo(1, 9);
  }
});
