import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import { loadAddon } from "../../src/native/load";
import { loadCells } from "../../src/run/cells-file";
import { RowAutomaton } from "../../src/sample/automaton";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { loadSchema } from "../../src/table/schema-json";
import { LessonWriter } from "../../src/train/lesson";
import { RowLikelihood } from "../../src/train/likelihood";
import { harmonic } from "../support/cli";
import { writeOrders } from "../support/orders";
import { temporaryFolder } from "../support/temporary";

/** Largest difference of a log-probability; node-llama-cpp's build sums in another order, and attends in F16. */
const TOLERANCE = 5e-3;
const ROWS = [0, 1, 2, 3];
const root = temporaryFolder();

function logSumExp(values: readonly number[]): number {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

/** Logits of node-llama-cpp's own llama.cpp after each position. */
function theirLogits(model: string, tokens: Int32Array): number[][] {
  const script = join(__dirname, "node-llama-cpp.mjs");
  const options = { encoding: "utf8", maxBuffer: 1 << 28 } as const;
  return JSON.parse(
    execFileSync(process.execPath, [script, model, "", tokens.join()], options),
  ) as number[][];
}

it(`a table model says the same in stock llama.cpp, within ${TOLERANCE}: orders and features are folded in`, async () => {
  const table = writeOrders(join(root, "orders.csv"), 120);
  const dir = join(root, "run");
  const settings = ["--layers", "2", "--width", "32", "--heads", "2", "--batch", "8", "--epochs", "6"];
  expect(
    await harmonic(["preprocess", table, "--target", "country", "--k", "0", "--out", dir]),
  ).toMatchObject({ code: 0 });
  expect(
    await harmonic(["train", dir, "--base", "table", ...settings, "--permute", "0.5", "--threads", "1"]),
  ).toMatchObject({ code: 0 });

  const path = join(dir, "model.gguf");
  const schema = await loadSchema(join(dir, "schema.json"));
  const cells = await loadCells(join(dir, "schema.json"), schema);
  const columns = toColumns(await readTable(join(dir, "train.csv")), schema);
  const common = { schema, columns, cells, format: "compact", description: "" } as const;
  const ours = await RowLikelihood.open({ ...common, base: path, threads: 1 });
  const { nats } = await ours.of(columns);
  ours.close();
  const stock = await loadAddon().openModel({ path, engine: "llama" });
  expect(stock.info()).toMatchObject({
    architecture: "llama",
    vocabularyType: "none",
    nVocabulary: cells.size,
  });

  const drawn = modelOrder(schema, cells);
  const automaton = new RowAutomaton(drawn, cells);
  const { vocabulary, allowedSets } = automaton;
  const writer = new LessonWriter(automaton, inOrderOf(drawn, columns), {
    ...{ description: "", loss: "last", vocabulary: "allowed", eos: -1 },
  });
  for (const row of ROWS) {
    const { tokens, lossPositions, labels, sets } = writer.write(Int32Array.of(row));
    const embedded = new Float32Array(await stock.logProbabilities(tokens));
    const bundled = theirLogits(path, tokens);
    let [byEmbedded, byBundled] = [0, 0];
    lossPositions.forEach((position, i) => {
      const allowed = Array.from(vocabulary.keys()).filter(
        (label) => allowedSets[sets[i]! * vocabulary.length + label] === 1,
      );
      const nll = (logit: (token: number) => number): number =>
        logSumExp(allowed.map((label) => logit(vocabulary[label]!))) - logit(vocabulary[labels[i]!]!);
      byEmbedded += nll((token) => embedded[position * cells.size + token]!);
      byBundled += nll((token) => bundled[position]![token]!);
    });
    expect(Math.abs(byEmbedded - nats[row]!)).toBeLessThan(TOLERANCE);
    expect(Math.abs(byBundled - nats[row]!)).toBeLessThan(TOLERANCE);
  }
  stock.close();
}, 120_000);
