import type { Writable } from "node:stream";
import type { RecordBatch } from "apache-arrow";
import { HarmonicError } from "../errors";
import type { StageControl } from "../progress";
import { toRecordBatch } from "../table/batches";
import { writeTable, type WritableFormat } from "../table/write";
import { MassMeans } from "./explain";
import { RowGroups, type Shard } from "./groups";
import { IdentifierColumns } from "./identifiers";
import { batches, writeFile, writeFolder, type OutputOptions } from "./output";
import { Parts } from "./parts";
import type { RedrawCounts } from "./redraw";
import { conditionsIdentity } from "./conditions";
import { Sampler, type SamplerOptions } from "./sampler";
import type { SampleSettingsInput } from "./settings";
import { noCounts } from "./stream";

export interface SampleOptions extends SamplerOptions, StageControl {
  settings: SampleSettingsInput;
  /** only one part of the rows; default: all */
  shard?: Shard | undefined;
}

/**
 * Draws rows, a record batch for each group; the next is drawn while the caller works on one. The same options give the
 * same rows.
 * @throws E_USAGE, E_INPUT, E_MODEL, E_ABORTED
 */
export async function* sample(options: SampleOptions): AsyncGenerator<RecordBatch> {
  const sampler = await Sampler.open(options);
  try {
    yield* batches({ ...control(options), sampler, ...planOf(sampler, options), schema: options.schema });
  } finally {
    sampler.close();
  }
}

export interface SampleToFileOptions extends SampleOptions {
  /** where finished groups wait for the others; an interrupted sampling with the same settings goes on from them */
  parts: string;
  /** what tells base, adapter and table from others, e.g. their hashes: parts of another identity are not used */
  identity: string;
  /** a file, a folder where `isFolder`, or "-" for standard output */
  out: string;
  isFolder?: boolean;
  /** default: by the extension of `out`; parquet in a folder, arrow on standard output */
  outFormat?: WritableFormat | undefined;
  /** rows of a file in a folder [65536] */
  fileRows?: number | undefined;
  /** where "-" goes; default: standard output */
  stdout?: Writable | undefined;
  /** file for what is known about every row; needs settings.explain */
  explainOut?: string | undefined;
}

export interface SampleResult {
  /** of this shard */
  rows: number;
  /** what the user should know of them */
  warnings: string[];
  /** drawn in this call: the others were found in parts */
  drawn: number;
  /** tokens evaluated in this call */
  tokens: number;
  seconds: number;
  /** draws thrown away, by reason: the rows were drawn again */
  redraws: RedrawCounts;
  /** mean of each column's allowed mass, where settings.explain */
  allowedMass?: Record<string, number>;
}

const FILE_ROWS = 65_536;

/**
 * As `sample`, into a file that appears whole, a folder of such files, or a pipe. Each finished group is kept, so that a
 * sampling that was ended in any way and is run again writes the same bytes as an uninterrupted one.
 */
export async function sampleToFile(options: SampleToFileOptions): Promise<SampleResult> {
  const started = Date.now();
  const { schema, out, outFormat, signal } = options;
  const sampler = await Sampler.open(options);
  try {
    const plan = planOf(sampler, options);
    if (sampler.plan.looksBack && (options.isFolder === true || options.shard)) throw looksBack(sampler);
    const schemas = { rows: schema, explanations: sampler.explanationSchema };
    const parts = await Parts.open(options.parts, partsIdentity(options), schemas);
    try {
      const counts = noCounts();
      const output = { ...control(options), sampler, ...plan, parts, counts, schema };
      if (out === "-") {
        const format = outFormat && { format: outFormat };
        const stdout = options.stdout && { stdout: options.stdout };
        await writeTable({ path: out, ...stdout, ...format, signal }, batches(output), schema);
      } else if (options.isFolder === true) {
        const fileRows = options.fileRows ?? FILE_ROWS;
        await writeFolder({ ...output, directory: out, format: outFormat ?? "parquet", fileRows });
      } else {
        await writeFile(output, out, outFormat);
      }
      const allowedMass = sampler.settings.explain
        ? await writeExplanations(output, options.explainOut)
        : undefined;
      await parts.remove();
      const seconds = (Date.now() - started) / 1000;
      return {
        rows: plan.groups.total,
        warnings: [...sampler.plan.warnings, ...sampler.gate.warnings, ...plan.identifiers.warnings],
        ...counts,
        seconds,
        ...(allowedMass && { allowedMass }),
      };
    } finally {
      await parts.close();
    }
  } finally {
    sampler.close();
  }
}

/** What is decided before the first row is drawn. */
export function planOf(
  sampler: Sampler,
  { settings: { rows }, shard }: { settings: Pick<SampleSettingsInput, "rows">; shard?: Shard | undefined },
): { groups: RowGroups; identifiers: IdentifierColumns } {
  const { schema, columns, settings } = sampler;
  sampler.plan.checkCount(rows);
  return {
    groups: RowGroups.of(rows, settings.groupRows, shard),
    identifiers: new IdentifierColumns({ schema, columns, seed: settings.seed, rows, plan: sampler.plan }),
  };
}

/** Writes what the parts hold about every row, if a file is asked for. Resolves to the mean mass of each column. */
async function writeExplanations(
  { sampler, groups, parts, signal }: OutputOptions,
  path: string | undefined,
): Promise<Record<string, number>> {
  const schema = sampler.explanationSchema;
  const means = new MassMeans(sampler.schema.fields.map(({ name }) => name));
  const explained = async function* (): AsyncGenerator<RecordBatch> {
    for (let g = groups.first; g < groups.end; g++) {
      const columns = (await parts.readExplained(g))!;
      means.add(columns);
      yield toRecordBatch(columns, schema);
    }
  };
  if (path === undefined) for await (const batch of explained()) void batch;
  else await writeTable({ path, signal, partial: parts.path("explained") }, explained(), schema);
  return means.means();
}

/** The rows of another file or machine are not at hand. */
function looksBack({ plan: { set } }: Sampler): HarmonicError {
  return new HarmonicError(
    "E_USAGE",
    `the rule ${set.unique[0]!.source} looks at all rows: they cannot be drawn in parts`,
    {
      hint: "give one file with --out and leave --shard out, or make the column an identifier in the schema",
    },
  );
}

const control = ({ signal, onProgress }: StageControl): StageControl => ({ signal, onProgress });

/** All that the rows and their files depend on, as text. More attempts change no row: they go on from the same parts. */
function partsIdentity(options: SampleToFileOptions): string {
  const { schema, format, description, k, identity, shard, outFormat, fileRows, labelInDistance } = options;
  const { attempts: _attempts, ...settings } = options.settings;
  const { rules, dependencies, conditions, permuted, anyOrder } = options;
  const draws = {
    ...{ identity, schema, format, description, k, labelInDistance, settings, shard },
    ...{ rules, dependencies, conditions: conditionsIdentity(conditions), permuted, anyOrder },
  };
  return JSON.stringify({ ...draws, ...(options.isFolder === true && { outFormat, fileRows }) });
}
