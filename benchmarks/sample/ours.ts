import type { GeneratorSwitches, SampleEngine } from "../../src/native/addon";
import { joinColumns } from "../../src/sample/drawn";
import { Sampler } from "../../src/sample/sampler";
import { cellFormatter } from "../../src/table/convert";
import { rowCount, type Column } from "../../src/table/columns";
import type { TableSchema } from "../../src/table/schema";
import { report, trialArguments } from "../harness/child";
import { benchTable, type TableName } from "../tasks/tables";
import { valuesOf } from "./measured";
import { K } from "./models";
import type { Row } from "./validity";

export interface OurTrial {
  table: TableName;
  model: string;
  engine: SampleEngine;
  examples: number;
  rowsPerPrompt: number;
  threads: number;
  /** rows decoded in lock-step, and drawn between looks at the clock */
  nSequences: number;
  /** rows are drawn for at least so long */
  seconds: number;
  switches: GeneratorSwitches;
}

/** Rows of the short group that warms up at most; a multiple of every rowsPerPrompt. */
const WARM_UP_ROWS = 8;
/** The number of the group that warms up: no measured one gets so far. */
const WARM_UP_GROUP = 100_000;

/** One process of the sampler: whole groups of rows, timed after a short one. */
async function main(): Promise<void> {
  const trial = trialArguments<OurTrial>();
  const { examples, engine, rowsPerPrompt, threads, nSequences } = trial;
  const { schema, columns, description } = await benchTable(trial.table);
  const sampler = await Sampler.open({
    ...{ schema, columns, description, format: "compact", k: K, base: trial.model, switches: trial.switches },
    settings: {
      ...{ engine, rowsPerPrompt, threads, nSequences, groupRows: nSequences },
      prompt: examples === 0 ? "none" : "random",
      // The peers look for no copies, and draw none again.
      allowCopies: true,
    },
  });
  await sampler.group(WARM_UP_GROUP, Math.min(WARM_UP_ROWS, nSequences));
  const groups: Column[][] = [];
  let tokens = 0;
  let seconds = 0;
  const started = process.hrtime.bigint();
  for (let g = 0; seconds < trial.seconds; g++) {
    const drawn = await sampler.group(g, nSequences);
    groups.push(drawn.columns);
    tokens += drawn.nTokens;
    seconds = Number(process.hrtime.bigint() - started) / 1e9;
  }
  sampler.close();
  report(valuesOf({ rows: rowsOf(joinColumns(groups), schema), tokens, seconds }, schema));
}

/** The rows as text, to be judged as those of the peers are. */
function rowsOf(columns: readonly Column[], { fields }: TableSchema): Row[] {
  const cells = columns.map((column) => {
    const field = fields.find(({ name }) => name === column.name)!;
    return { name: column.name, write: cellFormatter(field, column) };
  });
  return Array.from({ length: rowCount(columns) }, (_, i) =>
    Object.fromEntries(cells.map(({ name, write }) => [name, write(i) ?? ""])),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
