import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { didYouMean } from "../table/names";

const name = z
  .string()
  .regex(/^[\w.-]+$/, "expected a name of letters, digits, dots, dashes and underscores");
const path = z.string().min(1);

const benchSchema = z.strictObject({
  /** folder of what is finished; beside the file where the path is relative, like all paths here */
  out: path,
  /** each method is scored with each seed */
  seeds: z.array(z.int().min(0)).min(1),
  /** the model that LLE tunes on each table, as --base names one; left out: no LLE */
  lle: path.optional(),
  tables: z.record(
    name,
    z.strictObject({
      train: path,
      test: path,
      holdout: path.optional(),
      target: z.string(),
      schema: path.optional(),
    }),
  ),
  methods: z.record(
    name,
    z.union([
      /** a table for each {table} and {seed}, made elsewhere */
      z.strictObject({ files: path }),
      /** options of `harmonic run` */
      z.strictObject({
        run: z.strictObject({
          base: z.string().optional(),
          preset: z.enum(["harmonic-paper"]).optional(),
          rows: z.int().min(1).optional(),
          epochs: z.number().positive().optional(),
          k: z.int().min(0).optional(),
          format: z.enum(["compact", "dict", "text"]).optional(),
          /** rows of each table for PPL-diff */
          dlt: z.int().min(0).optional(),
        }),
      }),
    ]),
  ),
});

/** What `harmonic bench` is asked for; paths are absolute. */
export type BenchFile = z.infer<typeof benchSchema>;
export type BenchTable = BenchFile["tables"][string];
export type BenchMethod = BenchFile["methods"][string];

/**
 * Reads a description of a comparison.
 * @throws E_IO, and E_USAGE naming the key, what was expected there, and the line of what is no YAML
 */
export async function readBenchFile(file: string): Promise<BenchFile> {
  const text = await orFileError(readFile(file, "utf8"), file);
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken) {
    throw new HarmonicError("E_USAGE", `${file}: ${broken.message.trim()}`, {
      hint: "expected YAML; examples/bench.yaml is one to begin with",
    });
  }
  const parsed = benchSchema.safeParse(document.toJS());
  if (!parsed.success) throw refusal(file, parsed.error.issues[0]!);
  return resolvePaths(parsed.data, dirname(resolve(file)));
}

function refusal(file: string, issue: z.core.$ZodIssue): HarmonicError {
  // Of a method that is neither a file nor a run, tell what is wrong with the one it looks like.
  const inner = issue.code === "invalid_union" ? innermost(issue) : undefined;
  if (inner) return refusal(file, { ...inner, path: [...issue.path, ...inner.path] });
  const key = issue.path.join(".");
  const place = key === "" ? file : `${file}: \`${key}\``;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path);
    const [unknown] = issue.keys;
    return new HarmonicError(
      "E_USAGE",
      `${place} has an unknown key "${unknown}"${didYouMean(unknown!, known)}`,
      {
        hint: `known keys there: ${known.join(", ")}`,
      },
    );
  }
  const message = issue.message.replace(/^Invalid (input|option|string): /, "");
  return new HarmonicError("E_USAGE", `${place}: ${message}`, {
    hint: "examples/bench.yaml shows every key",
  });
}

/** The issue of the branch that got deepest, which is the one meant; an unknown key before one that is missing for it. */
function innermost(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  return issue.errors
    .map((branch) => branch.find(({ code }) => code === "unrecognized_keys") ?? branch[0]!)
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** Keys of the object at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(benchSchema.shape);
  if (path[0] === "tables") return Object.keys(benchSchema.shape.tables.valueType.shape);
  const [files, run] = benchSchema.shape.methods.valueType.options;
  return path.length > 2
    ? Object.keys(run.shape.run.shape)
    : [...Object.keys(files.shape), ...Object.keys(run.shape)];
}

function resolvePaths(bench: BenchFile, folder: string): BenchFile {
  const of = (path: string): string => resolve(folder, path);
  const tables = Object.entries(bench.tables).map(([name, { train, test, holdout, target, schema }]) => [
    name,
    {
      train: of(train),
      test: of(test),
      holdout: holdout && of(holdout),
      target,
      schema: schema && of(schema),
    },
  ]);
  const methods = Object.entries(bench.methods).map(([name, method]) => [
    name,
    "files" in method ? { files: of(method.files) } : method,
  ]);
  return {
    ...bench,
    out: of(bench.out),
    tables: Object.fromEntries(tables) as BenchFile["tables"],
    methods: Object.fromEntries(methods) as BenchFile["methods"],
  };
}
