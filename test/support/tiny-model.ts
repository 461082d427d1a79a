import { join } from "node:path";
import type { ModelHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "./temporary";
import { writeTinyGguf, type TinyGgufOptions } from "./tiny-gguf";

/** The vocabulary of a tiny model, open while the tests of the block that asked for it run. */
export function tinyModel(options: TinyGgufOptions = {}): () => ModelHandle {
  const path = join(temporaryFolder(), "base.gguf");
  let model: ModelHandle;
  beforeAll(async () => {
    writeTinyGguf(path, options);
    model = await loadAddon().openModel({ path, vocabularyOnly: true });
  });
  afterAll(() => model.close());
  return () => model;
}
