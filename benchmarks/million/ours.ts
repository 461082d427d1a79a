import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleToFile } from "../../src/sample/sample";
import { makePeople, schemaOf } from "../../test/support/people";
import { writeTinyGguf } from "../../test/support/tiny-gguf";
import { nodeTrial, report, trialArguments } from "../harness/child";
import { median } from "../harness/measure";
import { runProcess } from "../harness/process";

export interface MillionTrial {
  format: "parquet" | "csv";
  rows: number;
  threads: number;
}

const MEMORY_EVERY_MS = 1000;
const ROWS_TRAINED_ON = 1000;
const CHECK_TIMEOUT_MS = 10 * 60_000;

/** Draws the rows into a file, looking at the memory every second, and has the file checked by another process. */
async function main(): Promise<void> {
  const { format, rows, threads } = trialArguments<MillionTrial>();
  const folder = mkdtempSync(join(tmpdir(), "harmonic-million-"));
  try {
    const base = join(folder, "base.gguf");
    const out = join(folder, `rows.${format}`);
    writeTinyGguf(base, { nEmbedding: 32, nFeedForward: 64 });
    const columns = makePeople(ROWS_TRAINED_ON, 1);
    const schema = millionSchema();
    const memory: number[] = [];
    const watch = setInterval(() => memory.push(process.memoryUsage.rss() / 2 ** 20), MEMORY_EVERY_MS);
    const { seconds } = await sampleToFile({
      ...{ schema, columns, format: "compact", description: "people", k: 0, base, identity: "", out },
      settings: { rows, threads, prompt: "none", seed: 1, nSequences: 256 },
      parts: join(folder, "parts"),
    });
    clearInterval(watch);
    const check = nodeTrial(join(__dirname, "check.ts"), { format, path: out });
    const found = JSON.parse(await runProcess(check, {}, CHECK_TIMEOUT_MS)) as {
      rows: number;
      invalid: number;
    };
    console.error(`${statSync(out).size} bytes, memory by second: ${memory.map(Math.round).join(" ")}`);
    report({
      rows_per_second: [rows / seconds],
      memory_growth: [growth(memory)],
      rows: [found.rows],
      invalid_rows: [found.invalid],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The schema of makePeople's columns, as narrow as their values. */
export function millionSchema(): ReturnType<typeof schemaOf> {
  const schema = schemaOf(makePeople(ROWS_TRAINED_ON, 1), "label");
  for (const field of schema.fields) {
    if (field.name === "age") Object.assign(field.constraints, { minimum: 18, maximum: 77 });
    if (field.name === "income") Object.assign(field.constraints, { minimum: 1500, maximum: 6500 });
    if (field.name !== "age") field.constraints.required = true;
  }
  return schema;
}

/** From the second quarter of the run to the last, in MB: what a thing that grows with the rows would show. */
function growth(memory: readonly number[]): number {
  const quarter = Math.floor(memory.length / 4);
  if (quarter === 0) return NaN;
  return median(memory.slice(-quarter)) - median(memory.slice(quarter, 2 * quarter));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
