import { HarmonicError } from "../errors";
import type { ModelInfo } from "../native/addon";
import { loadAddon } from "../native/load";

/** What a GGUF holds, without loading its weights. @throws E_MODEL where llama.cpp cannot read it */
export async function modelInfo(path: string): Promise<ModelInfo> {
  const model = await loadAddon().openModel({ path, vocabularyOnly: true });
  try {
    return model.info();
  } finally {
    model.close();
  }
}

/** Refuses a base before any work is done for it. @throws E_MODEL where it cannot be read or trained */
export async function checkTrainable(path: string): Promise<void> {
  const { untrainable } = await modelInfo(path);
  if (untrainable === "") return;
  throw new HarmonicError("E_MODEL", `${path}: cannot be trained: ${untrainable}`, {
    hint: "choose another base model",
  });
}
