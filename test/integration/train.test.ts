import { join } from "node:path";
import { readLora } from "../../src/model/lora";
import { train } from "../../src/train/train";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { trainOptions } from "../support/train";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
beforeAll(() => writeTinyGguf(base));

it("writes an rsLoRA adapter with the alpha that gives readers of alpha / rank the same scale", async () => {
  const options = trainOptions(folder, "rslora", base, { rank: 16, alpha: 8, rslora: true, epochs: 1 });
  await train(options);
  expect((await readLora(options.adapter)).alpha).toBe(8 * 4);
});
