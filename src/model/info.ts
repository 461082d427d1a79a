import { loadAddon } from "../native/load";
import type { ModelInfo } from "../native/addon";

/** What a GGUF holds, without loading its weights. @throws E_MODEL where llama.cpp cannot read it */
export async function modelInfo(path: string): Promise<ModelInfo> {
  const model = await loadAddon().openModel({ path, vocabularyOnly: true });
  try {
    return model.info();
  } finally {
    model.close();
  }
}
