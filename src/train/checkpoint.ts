import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { HarmonicError } from "../errors";
import { writeText } from "../run/atomic";

/** Where a training run stands: enough to go on exactly. The file is one line of JSON, then the trainer's state. */
export interface Checkpoint {
  /** hash of everything that decides the result; a checkpoint of other settings is refused */
  fingerprint: string;
  /** steps done */
  step: number;
  state: ArrayBuffer;
}

export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, ...header } = checkpoint;
  await writeText(path, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.from(state)]));
}

/**
 * The checkpoint of a path, undefined where there is none.
 * @throws E_RUN where the file is damaged or belongs to other settings
 */
export async function loadCheckpoint(path: string, fingerprint: string): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const bytes = await readFile(path);
  const end = bytes.indexOf(10);
  let header: Omit<Checkpoint, "state">;
  try {
    header = JSON.parse(bytes.toString("utf8", 0, Math.max(0, end))) as Omit<Checkpoint, "state">;
  } catch (cause) {
    throw new HarmonicError("E_RUN", `${path}: the checkpoint is damaged`, {
      hint: "delete it to train from the start",
      cause,
    });
  }
  if (header.fingerprint !== fingerprint) {
    throw new HarmonicError(
      "E_RUN",
      `${path}: the checkpoint belongs to other settings, data or base model`,
      {
        hint: "delete it to train from the start, or give another --out",
      },
    );
  }
  const state = bytes.subarray(end + 1);
  return {
    ...header,
    state: state.buffer.slice(state.byteOffset, state.byteOffset + state.length),
  };
}
