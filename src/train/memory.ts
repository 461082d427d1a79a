import { formatBytes } from "../bytes";
import { HarmonicError } from "../errors";
import { loadAddon } from "../native/load";
import type { OpenTrainerOptions, TrainerMemory, WeightType } from "../native/addon";

/** What Node's heap and the libraries' own buffers grow by while training, also where a busy machine collects late. */
const ALLOWANCE = 96 * 2 ** 20;
/** What a device's backend takes for itself: compiled kernels, products' scratch. */
const DEVICE_ALLOWANCE = 192 * 2 ** 20;
/** Copies of weights and moments (three quarters of the adapter's bytes) that a checkpoint makes. */
const STATE_COPIES = 3 * 0.75;
/** Blocks are rounded up and memory is given back in pieces. */
const MARGIN = 1.03;

/** How a training keeps to a limit of memory. */
export interface MemoryPlan {
  /** tokens computed at a time; a longer group is computed alone */
  microBatchTokens: number;
  /** type of the frozen weights */
  weights: WeightType;
  /** each block's activations are computed again in the backward pass */
  recompute: boolean;
  /** estimate of the process's peak; where a device computes, of its memory */
  bytes: number;
  onDevice: boolean;
}

export interface MemoryLimits {
  /** bytes that the process, or on a device its memory, may take; absent: any */
  maxMemory?: number | undefined;
  microBatchTokens: number;
  /** tokens of the longest group */
  longest: number;
  /** groups of a step, or of the holdout */
  nGroups: number;
  /** what a run that goes on has begun with */
  begun?: Pick<MemoryPlan, "microBatchTokens" | "weights"> | undefined;
}

/**
 * The first of these that fits: everything kept; blocks computed again; ever smaller micro-batches, down to one group;
 * the same with the frozen weights in 8 bits where `weights` is auto and would be wider.
 * @throws E_USAGE with the smallest figure where none fits
 */
export async function planMemory(options: OpenTrainerOptions, limits: MemoryLimits): Promise<MemoryPlan> {
  const { maxMemory = Infinity, longest, nGroups, begun } = limits;
  const onDevice = options.device !== undefined;
  const base = onDevice ? DEVICE_ALLOWANCE : process.memoryUsage().rss + ALLOWANCE;
  let smallest: MemoryPlan | undefined;
  for (const candidate of candidates(options, limits)) {
    const nTokens = Math.max(longest, Math.min(candidate.microBatchTokens, nGroups * longest));
    const memory = await loadAddon().trainerMemory(
      { ...options, ...candidate },
      { nTokens, longestGroup: longest },
    );
    const plan = {
      ...candidate,
      onDevice,
      bytes: Math.ceil(base + MARGIN * (onDevice ? heldBy(memory) : peakOf(memory))),
    };
    if (plan.bytes <= maxMemory) return plan;
    if (smallest === undefined || plan.bytes < smallest.bytes) smallest = plan;
  }
  throw new HarmonicError(
    "E_USAGE",
    `training needs about ${formatBytes(smallest!.bytes)} of memory${onDevice ? " on the device" : ""}, more than the ${formatBytes(maxMemory)} ${onDevice ? "free or allowed" : "allowed"}`,
    {
      hint: begun
        ? "allow what the run has begun with, or delete its checkpoint"
        : "allow more, or use a smaller base model, a lower --rank, a smaller --k" +
          (onDevice || options.weights === "auto" || options.weights === "int8" ? "" : ", or --weights int8"),
    },
  );
}

function candidates(
  { weights, device }: OpenTrainerOptions,
  limits: MemoryLimits,
): Omit<MemoryPlan, "bytes" | "onDevice">[] {
  const { maxMemory, microBatchTokens, longest, nGroups, begun } = limits;
  const sizes = [begun?.microBatchTokens ?? microBatchTokens];
  let size = Math.min(sizes[0]!, nGroups * longest);
  // On a device, whose memory others may have taken, going on otherwise is better than not at all.
  while ((!begun || device) && size > longest) sizes.push((size = Math.max(longest, Math.floor(size / 2))));
  const types: WeightType[] = begun
    ? [begun.weights]
    : weights === "auto" && !device
      ? ["auto", "int8"]
      : [weights];
  const all = types.flatMap((type) => [
    { weights: type, recompute: false, microBatchTokens: sizes[0]! },
    ...sizes.map((size) => ({ weights: type, recompute: true, microBatchTokens: size })),
  ]);
  return maxMemory === undefined ? all.slice(0, 1) : all;
}

/** While the weights are read, or in a training step and the checkpoint after it. */
function peakOf({ weights, reading, adapter, graph, work }: TrainerMemory): number {
  return weights + Math.max(reading, adapter * (1 + STATE_COPIES) + graph + work);
}

/** All at once: nothing is read or copied beside it on a device. */
function heldBy({ weights, adapter, graph, work }: TrainerMemory): number {
  return weights + adapter + graph + work;
}
