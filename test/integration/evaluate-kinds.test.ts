import { evaluate } from "../../src/evaluate/evaluate";
import { findNeighbors } from "../../src/neighbors/find";
import { renderReport } from "../../src/report/report";
import { fromSeconds, isoText } from "../../src/table/calendar";
import { selectRows } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { tableOf } from "../support/table-source";

const source = tableOf(
  ["id", "seen", "remark", "size", "label"],
  Array.from({ length: 120 }, (_, i) => [
    `AB-${String(i * 7).padStart(4, "0")}`,
    isoText(fromSeconds(1.6e9 + ((i * 37) % 120) * 86400, false)),
    `remark ${i} of ${"many ".repeat(i % 4)}`,
    String(((i * 37) % 120) + (i % 5)),
    i % 3 === 0 ? "yes" : "no",
  ]),
);
const schema = inferSchema(source, { target: "label" });
const columns = toColumns(source, schema);
const rows = (first: number, n: number) =>
  selectRows(
    columns,
    Array.from({ length: n }, (_, i) => first + i),
  );

it("scores dates as days, and says that it leaves out identifiers and texts", async () => {
  const tables = { schema, train: rows(0, 60), test: rows(60, 30), holdout: rows(90, 30) };
  const copied = { ...tables, synthetic: [{ name: "copy", columns: rows(0, 60) }] };
  // The same rows under other identifiers are copies all the same.
  const id = copied.synthetic[0]!.columns[0]!;
  if (id.kind === "text") id.values = id.values.map((_, i) => `ZZ-${1000 + i}`);
  const evaluation = await evaluate(copied);
  const scoreOf = (name: string) =>
    evaluation.metrics.find((metric) => metric.name === name)!.scores.find(({ table }) => table === "copy")!;
  expect(scoreOf("exact-copies").value).toBe(1);
  expect(scoreOf("column-shapes").value).toBe(1);
  expect(evaluation.warnings.join("\n")).toMatch(/identifiers.*: id/i);
  expect(evaluation.warnings.join("\n")).toMatch(/texts.*: remark/i);
  const page = renderReport({ ...copied, evaluation });
  expect(page).toContain("2020-09-13 to");
  expect(page).toContain('"type":"temporal"');
  expect(page).toContain("ZZ-1000");
});

it("finds neighbours by dates, not by identifiers and texts", async () => {
  const seen = [0, 1, 2].map((f) => columns[f]!);
  const few = { fields: schema.fields.slice(0, 3) };
  const neighbors = await findNeighbors(seen, few, { k: 1 });
  const [, dates] = seen;
  if (dates?.kind !== "date") throw new Error("no dates");
  const order = Array.from(dates.scaled, (_, i) => i).sort((a, b) => dates.scaled[a]! - dates.scaled[b]!);
  order.forEach((row, place) => {
    const beside = [order[place - 1], order[place + 1]];
    expect(beside).toContain(neighbors[row]);
  });
});
