import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTrainingLog } from "../../../src/train/log";
import { temporaryFolder } from "../../support/temporary";

const path = join(temporaryFolder(), "training.jsonl");

it("reads losses of validation under the names that they had before", async () => {
  writeFileSync(path, '{"step":1,"holdoutLossPerRow":2,"holdoutLossPerColumn":{"age":2}}\n{"step":2,"los');
  expect(await readTrainingLog(path)).toEqual([
    { step: 1, validationLossPerRow: 2, validationLossPerColumn: { age: 2 } },
  ]);
});
