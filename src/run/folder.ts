import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { writeText } from "./atomic";
import { lockFolder } from "./lock";
import {
  difference,
  runFileSchema,
  STAGES,
  type PlainSettings,
  type RunFile,
  type RunIdentity,
  type Stage,
} from "./run-file";

/** Names of the files in a run folder. */
export const FILES = {
  run: "run.json",
  schema: "schema.json",
  train: "train.csv",
  test: "test.csv",
  holdout: "holdout.csv",
  neighbors: "neighbors.arrow",
  instructions: "instructions.jsonl",
  adapter: "adapter.gguf",
  /** what is trained in the adapter's place where `train` is all */
  model: "model.gguf",
  checkpoint: "checkpoint.bin",
  log: "training.jsonl",
  synthetic: "synthetic.csv",
  explanations: "explanations.parquet",
  metrics: "metrics.json",
  report: "report.html",
} as const;

/**
 * A folder that one run works in. Every stage takes its inputs from there and leaves its outputs there; run.json says
 * which stages are done, so that an interrupted run goes on where it stopped.
 */
export class RunFolder {
  private constructor(
    readonly directory: string,
    private file: RunFile,
    private readonly release: () => Promise<void>,
  ) {}

  /**
   * Makes the folder, or goes on with it where it holds the same run.
   * @throws E_RUN where it holds another run, or files that are no run
   */
  static async create(directory: string, fresh: RunFile): Promise<RunFolder> {
    await orFileError(mkdir(directory, { recursive: true }), directory);
    const path = join(directory, FILES.run);
    if (!existsSync(path)) {
      const others = (await readdir(directory)).filter((name) => !name.startsWith("."));
      if (others.length > 0) {
        throw new HarmonicError("E_RUN", `${directory} is not empty and holds no run: found ${others[0]}`, {
          hint: "choose an empty or a new folder with --out",
        });
      }
    }
    const release = await lockFolder(directory);
    try {
      const file = existsSync(path) ? await readRunFile(path) : fresh;
      const folder = new RunFolder(directory, file, release);
      folder.check(fresh);
      if (file === fresh) await folder.save();
      return folder;
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Opens a folder that a run or `preprocess` has made. @throws E_RUN where there is none */
  static async open(directory: string): Promise<RunFolder> {
    const path = checkRun(directory);
    const release = await lockFolder(directory);
    try {
      return new RunFolder(directory, await readRunFile(path), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Opens it for reading alone, which several processes may do at once. @throws E_RUN where there is none */
  static async read(directory: string): Promise<RunFolder> {
    return new RunFolder(directory, await readRunFile(checkRun(directory)), () => Promise.resolve());
  }

  get run(): Readonly<RunFile> {
    return this.file;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** True where the stage ended and its outputs are still there. */
  isDone(stage: Stage): boolean {
    const entry = this.file.stages[stage];
    return entry?.state === "done" && entry.outputs.every((name) => this.has(name));
  }

  private isBegun(stage: Stage): boolean {
    return this.file.stages[stage] !== undefined;
  }

  /** @throws E_RUN where the stage was begun with other settings than these */
  agree(stage: Stage, settings: PlainSettings, extra: Partial<RunIdentity> = {}): void {
    if (this.isBegun(stage)) this.check({ ...this.file, ...extra, settings: { [stage]: settings } });
  }

  /**
   * Notes what a stage is about to be done with. A stage that was begun keeps its settings.
   * @throws E_RUN where it was begun with others
   */
  async begin(stage: Stage, settings: PlainSettings, extra: Partial<RunIdentity> = {}): Promise<void> {
    this.agree(stage, settings, extra);
    await this.beginAnew(stage, settings, extra);
  }

  /** The same with whatever settings, for what may be done again with others. */
  async beginAnew(stage: Stage, settings: PlainSettings, extra: Partial<RunIdentity> = {}): Promise<void> {
    this.file = {
      ...this.file,
      ...extra,
      settings: { ...this.file.settings, [stage]: settings },
      stages: { ...this.before(stage), [stage]: { state: "started", outputs: [] } },
    };
    await this.save();
  }

  async finish(stage: Stage, outputs: string[], result?: PlainSettings): Promise<void> {
    const entry = { state: "done" as const, outputs, ...(result && { result }) };
    this.file = { ...this.file, stages: { ...this.file.stages, [stage]: entry } };
    await this.save();
  }

  /** Lets other processes in. Idempotent. */
  async close(): Promise<void> {
    await this.release();
  }

  /** The stages that come before one: what comes after it was made from what it is about to replace. */
  private before(stage: Stage): RunFile["stages"] {
    const earlier = STAGES.slice(0, STAGES.indexOf(stage));
    return Object.fromEntries(
      earlier.flatMap((each) => {
        const entry = this.file.stages[each];
        return entry === undefined ? [] : [[each, entry]];
      }),
    );
  }

  private check(wanted: RunIdentity): void {
    const found = difference(this.file, wanted);
    if (found === undefined) return;
    throw new HarmonicError("E_RUN", `${this.directory} holds another run: ${found}`, {
      hint: "choose another folder with --out, or delete this one",
    });
  }

  private async save(): Promise<void> {
    await writeText(this.path(FILES.run), JSON.stringify(this.file, null, 2) + "\n");
  }
}

/** The path of the folder's run.json. */
function checkRun(directory: string): string {
  const path = join(directory, FILES.run);
  if (existsSync(path)) return path;
  throw new HarmonicError("E_RUN", `${directory} is no run folder: expected ${FILES.run} in it`, {
    hint: "make one with harmonic run or harmonic preprocess",
  });
}

async function readRunFile(path: string): Promise<RunFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new HarmonicError("E_RUN", `${path} cannot be read: ${(cause as Error).message}`, {
      hint: "delete the folder and run again",
      cause,
    });
  }
  const parsed = runFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") ?? "";
  throw new HarmonicError(
    "E_RUN",
    `${path} is not of this version: \`${place}\`: ${issue?.message ?? "invalid"}`,
    {
      hint: "choose another folder with --out, or the version of harmonic that made it",
    },
  );
}
