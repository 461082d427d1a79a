import { rowCount, type Column } from "../../src/table/columns";
import { Curriculum } from "../../src/train/curriculum";
import { findNeighbors } from "../../src/neighbors/find";
import { report, trialArguments } from "../harness/child";
import { K, readDiabetes } from "../tasks/diabetes";
import type { GroupsTrial } from "./benchmark";

const EPOCHS = 5;

/** Standard deviation of some rows of a column, of those that are there. */
function deviation(values: ArrayLike<number>, rows: readonly number[]): number {
  const there = rows.map((row) => values[row]!).filter((value) => !Number.isNaN(value));
  const mean = there.reduce((a, b) => a + b, 0) / there.length;
  return Math.sqrt(there.reduce((sum, value) => sum + (value - mean) ** 2, 0) / there.length);
}

const numbersOf = (columns: readonly Column[]): ArrayLike<number>[] =>
  columns.flatMap((column) => (column.kind === "number" ? [column.scaled] : []));

async function main(): Promise<void> {
  const { groups, maxUses } = trialArguments<GroupsTrial>();
  const { schema, columns } = await readDiabetes();
  const nRows = rowCount(columns);
  const neighbors = await findNeighbors(columns, schema, { k: K, encoding: "gower", target: false });
  const curriculum = new Curriculum({
    ...{ groups, nRows, k: K, neighbors, batch: nRows, epochs: EPOCHS, seed: 0 },
    ...(maxUses > 0 && { maxUses }),
  });
  const shown: number[] = [];
  const uses = new Int32Array(nRows);
  let nGroups = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const group of curriculum.groupsOf(epoch)) {
      nGroups++;
      for (const row of group.subarray(0, -1)) {
        shown.push(row);
        uses[row]!++;
      }
    }
  }
  const all = Array.from({ length: nRows }, (_, row) => row);
  report({
    spread: numbersOf(columns).map((values) => deviation(values, shown) / deviation(values, all)),
    most_uses: [uses.reduce((a, b) => Math.max(a, b)) / EPOCHS],
    never_used: [uses.filter((n) => n === 0).length / nRows],
    examples: [shown.length / nGroups],
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
