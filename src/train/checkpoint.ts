import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { HarmonicError } from "../errors";
import { writeText } from "../run/atomic";
import type { TrainingLogEntry } from "./log";
import type { LossRecord } from "./loss-watch";
import type { MemoryPlan } from "./memory";
import type { ValidationRecord } from "./validation";

/**
 * Where a training run stands: enough to go on exactly. The file is one line of JSON, then the trainer's state, then that
 * of the best validation.
 */
export interface Checkpoint {
  /** hash of everything that decides the result; a checkpoint of other settings is refused */
  fingerprint: string;
  /** steps done */
  step: number;
  /** a step more is done, but for its validation: what the log will say of it */
  pending?: TrainingLogEntry;
  loss?: LossRecord;
  validation?: ValidationRecord;
  /** what memory allowed where the run began: to go on exactly needs the same */
  memory?: Pick<MemoryPlan, "microBatchTokens" | "weights">;
  state: ArrayBuffer;
  /** absent where nothing was validated yet, or where `state` itself is the best */
  bestState?: ArrayBuffer;
}

type Header = Omit<Checkpoint, "state" | "bestState"> & {
  stateBytes: number;
  bestStateBytes: number;
  /** of both states, so that a damaged disk is noticed */
  sha256: string;
};

const hashOf = (...parts: Buffer[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, bestState = new ArrayBuffer(0), ...rest } = checkpoint;
  const states = [Buffer.from(state), Buffer.from(bestState)];
  const header: Header = {
    ...rest,
    stateBytes: state.byteLength,
    bestStateBytes: bestState.byteLength,
    sha256: hashOf(...states),
  };
  await writeText(path, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...states]));
}

/**
 * The checkpoint of a path, undefined where there is none.
 * @throws E_RUN where the file is damaged or belongs to other settings
 */
export async function loadCheckpoint(path: string, fingerprint: string): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const bytes = await readFile(path);
  const end = bytes.indexOf(10);
  const damaged = (cause?: unknown): HarmonicError =>
    new HarmonicError("E_RUN", `${path}: the checkpoint is damaged`, {
      hint: "delete it to train from the start",
      cause,
    });
  let header: Header;
  try {
    header = JSON.parse(bytes.toString("utf8", 0, Math.max(0, end))) as Header;
  } catch (cause) {
    throw damaged(cause);
  }
  if (typeof header?.fingerprint !== "string") throw damaged();
  if (header.fingerprint !== fingerprint) {
    throw new HarmonicError(
      "E_RUN",
      `${path}: the checkpoint belongs to other settings, data or base model`,
      {
        hint: "delete it to train from the start, or give another --out",
      },
    );
  }
  const { stateBytes, bestStateBytes, sha256, ...rest } = header;
  const states = bytes.subarray(end + 1);
  if (states.length !== stateBytes + bestStateBytes || hashOf(states) !== sha256) throw damaged();
  const part = (from: number, to: number): ArrayBuffer =>
    states.buffer.slice(states.byteOffset + from, states.byteOffset + to);
  return {
    ...rest,
    state: part(0, stateBytes),
    ...(bestStateBytes > 0 && { bestState: part(stateBytes, stateBytes + bestStateBytes) }),
  };
}
