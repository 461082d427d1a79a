import { HarmonicError } from "../errors";
import { checkHeads } from "../model/new";
import { isIdentifierField, type TableSchema } from "../table/schema";
import type { TrainSettingsInput } from "./settings";
import { TABLE_SETTINGS } from "./table-settings-shape";

/** Tables of fewer rows get a smaller model, and what keeps it from learning rows by heart. */
const SMALL_ROWS = 1000;
const LARGE_ROWS = 5000;
/** Rows that training of a large table sees in all, times its columns: about five minutes on two cores. */
const MOST_CELLS = 5e6;
/** Rows below which no value is taken for a secret: protecting each would leave nothing to learn. */
const PROTECTED_ROWS = 1000;

/** What random orders of all rows cost in likelihood so many times as many passes besides win back. */
const PASSES_OF_RANDOM_ORDERS = 1.7;

/** Settings that mean nothing to a table model: it has no base, no prompt and no tokenizer. */
export const OF_LANGUAGE_MODELS = [
  ...(["rank", "alpha", "rslora", "targets", "groups", "maxUses", "loss", "vocabulary"] as const),
  "weights",
] as const satisfies (keyof TrainSettingsInput)[];

/** The first of the settings that only a language model is trained with; undefined where there is none. */
export function languageSetting(given: TrainSettingsInput): string | undefined {
  if (given.train === "adapter") return "train";
  return OF_LANGUAGE_MODELS.find((name) => given[name] !== undefined);
}

/** The settings of an adapter, or of a language model. @throws E_USAGE for a setting of table models */
export function languageTrainSettings<T extends TrainSettingsInput>(given: T): T {
  const misplaced = TABLE_SETTINGS.find((name) => given[name] !== undefined);
  if (misplaced === undefined) return given;
  throw new HarmonicError("E_USAGE", `expected a table model for \`${misplaced}\``, {
    hint: "leave the option out, or give --base table",
  });
}

/** Columns that a model writes. */
export function modelColumns({ fields }: TableSchema): number {
  return fields.filter((field) => !isIdentifierField(field)).length;
}

/**
 * The settings of a table model: those given, over those that suit the table. Small tables get a small model that sees
 * each row often, in random orders of the columns, without which it learns the rows by heart, and with labels spread over
 * neighbouring values; their last weights are kept, averaged, since the likeliest come too early for the rows drawn. Large
 * ones are validated on a part of the training rows, of which the best weights are kept. What was measured:
 * docs/table-models.md.
 * @throws E_USAGE for a setting of language models, or a width that the heads cannot share
 */
export function tableTrainSettings(
  given: TrainSettingsInput,
  nRows: number,
  nColumns: number,
): TrainSettingsInput {
  const misplaced = languageSetting(given);
  if (misplaced !== undefined) {
    throw new HarmonicError("E_USAGE", `expected a language model as the base for \`${misplaced}\``, {
      hint: "leave the option out, or give --base smollm2-135m",
    });
  }
  const defaults = defaultsOf(nRows, nColumns, given.permute);
  const settings = { ...defaults, ...withoutUndefined(given), train: "all" as const };
  checkHeads(settings.heads, settings.width);
  return settings;
}

function defaultsOf(nRows: number, nColumns: number, permute = 0) {
  const common = {
    heads: 4,
    numbers: "auto" as const,
    ordinal: true,
    protectRare: nRows < PROTECTED_ROWS ? 0 : 3,
    clip: 1,
    microBatchTokens: 4096,
  };
  const most = MOST_CELLS / (nRows * Math.max(1, nColumns));
  if (nRows < SMALL_ROWS) {
    const batch = Math.max(1, Math.min(32, Math.round(nRows / 16)));
    return {
      ...{ ...common, layers: 3, width: 64, batch, learningRate: 2e-3, weightDecay: 0.05 },
      ...{ dropout: 0.2, permute: 0.8, smoothing: 0.1, averaging: 0.99 },
      ...{ epochs: Math.min(smallEpochs(nColumns), most), validation: 0, validateEvery: 0 },
    };
  }
  if (nRows < LARGE_ROWS) {
    return {
      ...{ ...common, layers: 3, width: 96, batch: 64, learningRate: 2e-3, weightDecay: 0.01 },
      ...{ dropout: 0.1, permute: 0.8, smoothing: 0.1, averaging: 0.99 },
      ...{ epochs: Math.min(20, most), validation: 0, validateEvery: 0 },
    };
  }
  return {
    ...{ ...common, layers: 2, width: 128, batch: 256, learningRate: 2e-3, weightDecay: 0.01 },
    ...{ dropout: 0, permute: 0, smoothing: 0, averaging: 0.99 },
    ...{
      epochs: Math.min((1 + PASSES_OF_RANDOM_ORDERS * permute) * largeEpochs(nRows), most),
      validation: 0.05,
      patience: 3,
    },
  };
}

/** Random orders of more columns leave more to learn in a row: about 20 passes are best of 9 columns, 30 of 15. */
const smallEpochs = (nColumns: number): number => Math.max(18, Math.min(30, 2 * nColumns));

/** About 450 steps of 256 rows: adult's 26,048 are learnt then. More passes learn rows by heart. */
const largeEpochs = (nRows: number): number => Math.max(4.5, Math.min(9, (450 * 256) / nRows));

function withoutUndefined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
