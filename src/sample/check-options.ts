import { HarmonicError } from "../errors";
import { rowFormat } from "../instruct/formats";
import { inOrderOf, modelOrder } from "../instruct/order";
import { compileRules } from "../rules/compile-rules";
import { narrowDomains } from "../rules/feasible";
import { parseRule } from "../rules/parse";
import { rowCount } from "../table/columns";
import { didYouMean } from "../table/names";
import { isIdentifierField, type TableSchema } from "../table/schema";
import type { SamplerOptions } from "./sampler";
import type { DrawSettings } from "./settings";

/**
 * Finds what cannot be drawn before a model is loaded.
 * @throws E_USAGE for a column that is none, or rules that no row keeps; E_INPUT or E_RUN for too few rows or neighbours
 */
export function checkOptions(options: SamplerOptions, settings: DrawSettings): void {
  checkExamples(options, settings);
  checkTemperatures(settings, options.schema);
  checkRules(options);
}

function checkRules(options: SamplerOptions): void {
  const schema = modelOrder(options.schema, options.cells ?? rowFormat(options.format));
  const columns = inOrderOf(schema, options.columns);
  const where = options.conditions?.where;
  narrowDomains(compileRules(schema, columns, { rules: rulesOf(options), where }));
}

/** The schema's rules and those given beside it; identifiers are unique anyway. */
export function rulesOf({ schema, rules = [], dependencies = true }: SamplerOptions): string[] {
  const names = schema.fields.map(({ name }) => name);
  const all = [...(schema.rules ?? []), ...rules, ...(dependencies ? (schema.dependencies ?? []) : [])];
  return all.filter((source) => {
    const rule = parseRule(source, names);
    return !(rule.kind === "unique" && rule.columns.some((f) => isIdentifierField(schema.fields[f]!)));
  });
}

function checkExamples({ k, columns, neighbors }: SamplerOptions, { prompt }: DrawSettings): void {
  if (prompt === "none" || k === 0) return;
  const n = rowCount(columns);
  if (n < k + 1) {
    throw new HarmonicError(
      "E_INPUT",
      `expected more than ${k} rows for prompts of ${k} examples but the table has ${n}`,
      {
        hint: "use a smaller k",
      },
    );
  }
  if (prompt === "anchor" && neighbors?.length !== n * k) {
    throw new HarmonicError(
      "E_RUN",
      `expected ${k} neighbours of each of ${n} rows but received ${neighbors?.length ?? 0} ids`,
      {
        hint: "run harmonic preprocess again",
      },
    );
  }
}

function checkTemperatures({ temperatures }: DrawSettings, { fields }: TableSchema): void {
  const names = fields.map(({ name }) => name);
  const unknown = Object.keys(temperatures).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new HarmonicError(
    "E_USAGE",
    `\`temperature\` of "${unknown}": there is no such column${didYouMean(unknown, names)}`,
    { hint: `the columns are: ${names.join(", ")}` },
  );
}
