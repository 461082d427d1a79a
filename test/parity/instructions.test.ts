import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { preprocess } from "../../src/preprocess/preprocess";
import { temporaryFolder } from "../support/temporary";

const data = join(__dirname, "..", "..", "..", "shared", "data");
const folder = temporaryFolder();

describe.each(["german", "diabetes"])("the original's training file of %s", (name) => {
  const golden = join(data, name, "harmonic_knn_train.jsonl");
  if (!existsSync(golden)) {
    it.skip(`is not here: ${golden}`, () => undefined);
    return;
  }

  it("comes out byte for byte", async () => {
    const table = join(data, name, "train.csv");
    const { files } = await preprocess({ table, out: join(folder, name), compat: true, format: "dict" });
    expect(readFileSync(files.instructions!).equals(readFileSync(golden))).toBe(true);
  });
});
