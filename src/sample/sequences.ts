import type { Device } from "../devices/device";
import { isHarmonicError } from "../errors";
import type { GeneratorHandle, ModelHandle, ModelInfo, OpenGeneratorOptions } from "../native/addon";
import type { DrawSettings } from "./settings";

/** Memory that the rows in flight may take for keys and values on the processor. */
const CACHE_BYTES = 2 ** 30;
/** The share of what a device has free that they may take there. */
const CACHE_SHARE = 0.5;
/** llama.cpp has no more sequences in a context, and prompts take much of a device's memory and time with any engine. */
const MOST_ON_DEVICE = 256;
/** Of table models, whose rows have no prompt: by then a pass's own cost is small beside its rows'. */
const MOST_TABLE_ROWS_ON_DEVICE = 4096;
const BYTES_PER_VALUE = 2;
/** More rows in lock-step gain nothing on a CPU: by then the arithmetic is the limit, not the weights' way from memory. */
const MOST_SEQUENCES = 64;
/** Of the engine dense, in whole registers' lanes: by then a pass's own cost is small beside its rows'. */
const MOST_DENSE_SEQUENCES = 512;
const DENSE_LANES = 64;
const DENSE_BYTES_PER_VALUE = 4;

/** What rows in lock-step are of. */
export interface LockStep {
  model: ModelInfo;
  /** whether the model is one of a table */
  isTable: boolean;
  /** tokens of a prompt and its row */
  nContext: number;
  device: Device;
  /** that share the memory */
  nGenerators: number;
}

/** Rows in lock-step: as asked, else as many as fit the memory; a multiple of the rows of a prompt. */
export function sequencesOf({ nSequences, rowsPerPrompt }: DrawSettings, rows: LockStep): number {
  const wanted = nSequences ?? defaultSequences(rows);
  return Math.max(1, Math.floor(wanted / rowsPerPrompt)) * rowsPerPrompt;
}

/** Opens a generator of so many rows at once; of half as many, down to `least`, where a device has not the memory. */
export async function openFitting(
  model: ModelHandle,
  options: OpenGeneratorOptions,
  least: number,
  device: Device,
): Promise<{ generator: GeneratorHandle; nSequences: number }> {
  const { nSequences } = options;
  try {
    return { generator: await model.openGenerator(options), nSequences };
  } catch (error) {
    const fewer = Math.max(least, Math.floor(nSequences / 2 / least) * least);
    const isShort = device.id !== undefined && isHarmonicError(error) && error.code === "E_MODEL";
    if (!isShort || fewer === nSequences) throw error;
    return openFitting(model, { ...options, nSequences: fewer }, least, device);
  }
}

/** So many rows of nContext tokens whose keys and values fit CACHE_BYTES, or their share of a device's memory. */
function defaultSequences({ model, isTable, nContext, device, nGenerators }: LockStep): number {
  const headSize = model.nEmbedding / model.nHeads;
  const valuesPerToken = 2 * model.nLayers * model.nHeadsKv * headSize;
  if (model.engine === "dense") {
    const lanes = CACHE_BYTES / (DENSE_BYTES_PER_VALUE * valuesPerToken * (nContext + 8) * DENSE_LANES);
    return Math.max(1, Math.min(MOST_DENSE_SEQUENCES / DENSE_LANES, Math.floor(lanes))) * DENSE_LANES;
  }
  // A table model's are kept in 32 bits, and are few.
  const isExact = model.engine === "device" && isTable;
  const bytesPerToken = (isExact ? 2 : 1) * BYTES_PER_VALUE * valuesPerToken;
  // Engines pad a sequence's cells so, with room for a step's tokens behind the row.
  const unit = isExact ? 32 : 256;
  const nCells = Math.ceil((nContext + 9) / unit) * unit;
  const { id, memoryFree } = device;
  const bytes = memoryFree === undefined ? CACHE_BYTES : (CACHE_SHARE * memoryFree) / nGenerators;
  const fitting = Math.floor(bytes / (bytesPerToken * nCells));
  return Math.max(1, Math.min(mostSequences(isExact, id !== undefined), fitting));
}

function mostSequences(isTable: boolean, isOnDevice: boolean): number {
  if (isOnDevice) return isTable ? MOST_TABLE_ROWS_ON_DEVICE : MOST_ON_DEVICE;
  return isTable ? MOST_DENSE_SEQUENCES : MOST_SEQUENCES;
}
