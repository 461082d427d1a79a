import type { CellLanguage } from "../cells/cell-language";
import { newModel } from "../model/new";
import { modelInfo } from "../model/info";
import type { AutomatonTables, ModelInfo, OpenFullTrainerOptions, TokenFeatures } from "../native/addon";
import { Random } from "../random";
import type { RowAutomaton } from "../sample/automaton";
import { ordinalFeatures, type OrderedTokens, spreadLabels } from "./ordinal";
import type { TrainSettings } from "./settings";
import { SoftLabels } from "./soft-labels";

/** Writes the random weights that a table model begins with; the same for the same language, settings and seed. */
export async function writeTableModel(
  path: string,
  language: CellLanguage,
  { layers, width, heads, seed }: TrainSettings,
): Promise<ModelInfo> {
  await newModel({
    out: path,
    ...{ nVocabulary: language.size, nContext: 2048, tied: false, seed },
    ...(layers !== undefined && { nLayers: layers }),
    ...(width !== undefined && { nEmbedding: width }),
    ...(heads !== undefined && { nHeads: heads }),
  });
  return await modelInfo(path);
}

/** What the trainer is told of a table model's tokens. */
export function tableTraining(
  language: CellLanguage,
  automaton: RowAutomaton,
  { permute, averaging = 0, ordinal = false }: TrainSettings,
): Partial<OpenFullTrainerOptions> {
  const features = ordinal ? featuresOf(language) : undefined;
  return {
    averageDecay: averaging,
    ...(features && { features }),
    ...(permute > 0 && {
      columns: { n: automaton.schema.fields.length, next: nextColumns(automaton, language) },
    }),
  };
}

/** Undefined where no column has an order. */
function featuresOf({ scales, size }: CellLanguage): TokenFeatures | undefined {
  const ordered = scales.filter(({ scale }) => scale.values.length > 1).map(orderedTokens);
  return ordered.length === 0 ? undefined : ordinalFeatures(ordered, size);
}

/** What spreads the labels of numbers, not of digits: whose neighbours are no neighbours of the number. */
export function softLabels(
  { scales }: CellLanguage,
  { vocabulary }: RowAutomaton,
  smoothing: number,
): SoftLabels {
  const ordered = scales.filter(({ scale }) => scale.whole).map(orderedTokens);
  return new SoftLabels(spreadLabels(ordered, smoothing), vocabulary);
}

const orderedTokens = ({ first, scale }: CellLanguage["scales"][number]): OrderedTokens => ({
  first,
  values: scale.values,
  counts: scale.counts,
});

/** The column that follows each token where a row's columns stand in the natural order, -1: none; shape (size). */
function nextColumns({ tables, schema }: RowAutomaton, language: CellLanguage): Int32Array {
  const { edgeOffsets, edgeTokens, edgeNext } = tables;
  const next = new Int32Array(language.size).fill(-1);
  const [bos] = language.prompt().cue;
  next[bos!] = columnAt(tables, 0);
  for (let edge = 0; edge < edgeOffsets.at(-1)!; edge++) {
    const token = edgeTokens[edge]!;
    if (token >= 0) next[token] = columnAt(tables, edgeNext[edge]!);
  }
  // Given, though no state offers them.
  for (const [token, name] of language.unlearnt) {
    const column = schema.fields.findIndex((field) => field.name === name) + 1;
    next[token] = column < schema.fields.length ? column : -1;
  }
  return next;
}

/** The column whose token is chosen in a state, or behind it where none is written there; -1 at the end. */
function columnAt(tables: AutomatonTables, state: number): number {
  const { edgeOffsets, edgeTokens, edgeNext, edgeColumns } = tables;
  for (let at = state; edgeOffsets[at]! < edgeOffsets[at + 1]!; at = edgeNext[edgeOffsets[at]!]!) {
    const edge = edgeOffsets[at]!;
    if (edgeTokens[edge]! >= 0) return edgeColumns[edge]!;
  }
  return -1;
}

/** Rows that the best step is chosen by; more cost time and change little. */
export const MAX_VALIDATION_ROWS = 2048;

/** Rows to learn and rows to choose the best step by, both ascending; drawn from the seed alone. */
export function validationRows(
  nRows: number,
  share: number,
  seed: number,
): { learned: Int32Array; held: Int32Array } {
  const ids = new Random(seed).derive("validation").shuffle(Int32Array.from({ length: nRows }, (_, i) => i));
  const nHeld = Math.min(Math.floor(share * nRows), nRows - 1, MAX_VALIDATION_ROWS);
  return { held: ids.slice(0, nHeld).sort(), learned: ids.slice(nHeld).sort() };
}
