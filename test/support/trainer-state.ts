import { join } from "node:path";
import { readLora, writeLora } from "../../src/model/lora";
import type { TrainBatch, TrainerHandle } from "../../src/native/addon";
import { Random } from "../../src/random";

/** Of the trainer's state (native/engine/adapter.cpp): a magic, the number of parameters, the step. */
const HEADER_BYTES = 24;

/** One matrix of an adapter, A or B of a projection. */
export interface AdapterMatrix {
  /** e.g. "blk.0.attn_q.weight.lora_a" */
  name: string;
  /** A: (rank, n_in); B: (n_out, rank); row-major */
  values: Float32Array;
}

/**
 * Gives a trainer's adapter small random values, B too (at first it is zero, and A then has no gradient), the same ones
 * for the same names and shapes; writes them as `path`.
 */
export async function randomizeAdapter(trainer: TrainerHandle, path: string): Promise<void> {
  await trainer.saveAdapter(path, {});
  const lora = await readLora(path);
  for (const { weight, nIn, rank, a, b } of lora.matrices) {
    const random = new Random("parity").derive(weight);
    const fill = (values: Float32Array, size: number): void => {
      for (let i = 0; i < values.length; i++) values[i] = size * (2 * random.nextFloat() - 1);
    };
    fill(a, 1 / Math.sqrt(nIn));
    fill(b, 0.3 / Math.sqrt(rank));
  }
  await writeLora(path, lora);
  const state = new Uint8Array(await trainer.state());
  const values = new Float32Array(trainer.nParameters());
  let at = 0;
  for (const { a, b } of lora.matrices) {
    values.set(a, at);
    values.set(b, at + a.length);
    at += a.length + b.length;
  }
  state.set(new Uint8Array(values.buffer), HEADER_BYTES);
  await trainer.setState(state.buffer);
}

/**
 * The gradients of a batch, by matrix. There is no way to ask for them: AdamW's first moment after an update with
 * beta1 = 0 is the gradient, and with a learning rate of 0 the weights stay as they are.
 */
export async function gradientsOf(
  trainer: TrainerHandle,
  batch: TrainBatch,
  folder: string,
): Promise<{ loss: number; gradients: AdapterMatrix[] }> {
  const before = await trainer.state();
  const losses = new Float32Array(await trainer.accumulate(batch));
  const still = { learningRate: 0, weightDecay: 0, clip: 0, beta1: 0, beta2: 0, epsilon: 1 };
  await trainer.update(still);
  const n = trainer.nParameters();
  const moments = new Float32Array(await trainer.state(), HEADER_BYTES + 4 * n, n);
  await trainer.setState(before);
  const path = join(folder, "shapes.gguf");
  await trainer.saveAdapter(path, {});
  let at = 0;
  const next = (length: number): Float32Array => moments.subarray(at, (at += length));
  const gradients = (await readLora(path)).matrices.flatMap(({ weight, a, b }) => [
    { name: `${weight}.lora_a`, values: next(a.length) },
    { name: `${weight}.lora_b`, values: next(b.length) },
  ]);
  return { loss: losses.reduce((a, b) => a + b, 0) / losses.length, gradients };
}
