import { join } from "node:path";
import type { TrainOptions } from "../../src/train/train";
import { makePeople, schemaOf } from "./people";

/** Options of train() for a made-up table on a tiny base, files in `folder` under `name`. */
export function trainOptions(
  folder: string,
  name: string,
  base: string,
  settings: TrainOptions["settings"] = {},
): TrainOptions {
  const columns = makePeople(24, 1);
  return {
    ...{ columns, schema: schemaOf(columns, "label"), format: "compact", description: "people", k: 2 },
    ...{ base, baseIdentity: "tiny", holdout: makePeople(12, 2) },
    settings: { rank: 4, epochs: 5, threads: 1, weights: "f32", ...settings },
    adapter: join(folder, `${name}.gguf`),
    checkpoint: join(folder, `${name}.checkpoint`),
    log: join(folder, `${name}.jsonl`),
  };
}
