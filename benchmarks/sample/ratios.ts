import { ratiosOf } from "../harness/measure";
import type { Measurement, Settings } from "../harness/trial";
import { K } from "./models";
import { ROWS_PER_PROMPT } from "./trials";

type Figure = number | undefined;

/**
 * Our valid rows a second over the peers' rows of any kind, of adult by plain names and of other tables with the table's name
 * before them; each peer at the best of its settings that the key leaves open. The parts multiply to `rows_vs_llama_server`.
 */
export function sampleRatios(measurements: Measurement[]): Record<string, number> {
  const tables = [...new Set(measurements.map(({ settings }) => String(settings["table"])))];
  const all = tables.map((table) => ({
    ...tableRatios(measurements, table),
    ...switchRatios(measurements, table),
  }));
  return Object.assign({}, ...all) as Record<string, number>;
}

function tableRatios(measurements: Measurement[], table: string): Record<string, number> {
  const best = (subject: string, settings: Settings): Figure =>
    bestOf(measurements, subject, { table, ...settings }, "written_per_second");
  const ours = (examples: number, rowsPerPrompt: number): Figure => {
    const found = measurements.filter(({ settings }) => settings["switches"] === undefined);
    return bestOf(found, "harmonic", { table, examples, rowsPerPrompt });
  };
  const [single, shared, none] = [ours(K, 1), ours(K, ROWS_PER_PROMPT), ours(0, 1)];
  const json = best("llama-server", { format: "json", examples: K });
  const compact = best("llama-server", { format: "compact", examples: K, rowsPerPrompt: 1 });
  const before = table === "adult" ? "" : `${table}_`;
  const ratios = ratiosOf({
    rows_vs_llama_server: [shared, json],
    rows_vs_llama_server_same_format: [shared, best("llama-server", { format: "compact", examples: K })],
    rows_vs_node_llama_cpp: [shared, best("node-llama-cpp", { examples: K })],
    rows_vs_be_great: [none, best("be_great", {})],
    part_of_format: [compact, json],
    part_of_engine: [single, compact],
    part_of_rows_per_prompt: [shared, single],
    rows_vs_llama_server_without_examples: [none, best("llama-server", { format: "json", examples: 0 })],
    rows_vs_llama_server_same_format_without_examples: [
      none,
      best("llama-server", { format: "compact", examples: 0 }),
    ],
    rows_vs_node_llama_cpp_without_examples: [none, best("node-llama-cpp", { examples: 0 })],
  });
  const named = Object.entries(ratios).map(([key, value]) => [`${before}${key}`, value]);
  return Object.fromEntries([
    ...named,
    ...Object.entries(
      ratiosOf({
        [`${table}_rows_per_s_with_examples`]: [shared, 1],
        [`${table}_rows_per_s_without`]: [none, 1],
      }),
    ),
  ]) as Record<string, number>;
}

/** What each speed-up gains where all others are on, and where all others are off. */
function switchRatios(measurements: Measurement[], table: string): Record<string, number> {
  const rows = (switches: string): Figure => bestOf(measurements, "harmonic", { table, switches });
  const off = measurements.flatMap(
    ({ settings }) => /^all but (.*)$/.exec(String(settings["switches"]))?.[1] ?? [],
  );
  return ratiosOf({
    switches_all_vs_none: [rows("all"), rows("none")],
    ...Object.fromEntries(
      [...new Set(off)].flatMap((name) => [
        [`switch_${name}_with_others`, [rows("all"), rows(`all but ${name}`)]],
        [`switch_${name}_alone`, [rows(`${name} alone`), rows("none")]],
      ]),
    ),
    switch_cutVocabulary_beside_graph: [rows("graph and cutVocabulary"), rows("graph alone")],
    switch_drafts_with_few_rows: [rows("all, few rows"), rows("drafts off, few rows")],
  });
}

function bestOf(
  measurements: Measurement[],
  subject: string,
  settings: Settings,
  metric = "rows_per_second",
): Figure {
  const found = measurements.filter(
    (one) =>
      one.subject === subject &&
      one.metric === metric &&
      one.median !== null &&
      Object.entries(settings).every(([key, value]) => one.settings[key] === value),
  );
  return found.length === 0 ? undefined : Math.max(...found.map(({ median }) => median!));
}
