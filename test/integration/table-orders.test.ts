import { join } from "node:path";
import { CellLanguage } from "../../src/cells/cell-language";
import { naturalOrder } from "../../src/instruct/order";
import { loadAddon } from "../../src/native/load";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { Sampler, type SamplerOptions } from "../../src/sample/sampler";
import { LessonWriter } from "../../src/train/lesson";
import { RowLikelihood } from "../../src/train/likelihood";
import { packLessons } from "../../src/train/pack";
import type { TrainSettings } from "../../src/train/settings";
import { tableTraining } from "../../src/train/table-model";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { fullTrainer, TINY_SHAPE } from "../support/tiny-full";
import { ADAMW } from "../support/tiny-training";

const folder = temporaryFolder();
const base = join(folder, "model.gguf");
const columns = allSmallRows();
const language = CellLanguage.build(smallSchema, columns);
const N_ROWS = 100;

/** A table model that has learnt a little of rows in all orders. */
beforeAll(async () => {
  const random = join(folder, "random.gguf");
  await loadAddon().writeScratchModel({
    ...TINY_SHAPE,
    path: random,
    nVocabulary: language.size,
    seed: 1,
  });
  const automaton = new RowAutomaton(smallSchema, language, true);
  const { vocabulary, sets: allowedSets } = automaton;
  const training = tableTraining(language, automaton, { permute: 1 } as TrainSettings);
  const trainer = await loadAddon().openFullTrainer(
    fullTrainer(random, { vocabulary, allowedSets, ...training }),
  );
  const writer = new LessonWriter(automaton, columns, {
    ...{ description: "", loss: "last", vocabulary: "allowed", eos: -1, nextColumns: true },
  });
  const draws = new Random(1);
  for (let step = 0; step < 15; step++) {
    const lessons = Array.from({ length: 40 }, () =>
      // More rows of few values than of others, so that there is something to learn.
      writer.write(
        Int32Array.of(draws.nextInt(1 + draws.nextInt(240))),
        draws.shuffle([...naturalOrder(smallSchema)]),
      ),
    );
    for (const batch of packLessons(lessons, 4096)) await trainer.accumulate(batch);
    await trainer.update({ ...ADAMW, learningRate: 1e-2 });
  }
  await trainer.saveModel(base, {}, undefined);
  trainer.close();
});

/** Rows drawn under a condition, with the order in which they were written, and each cell's loss as sampling saw it. */
async function draw(
  where: string | undefined,
  settings: Partial<SamplerOptions["settings"]> = {},
  halfProducts = false,
) {
  const sampler = await Sampler.open({
    ...{ schema: smallSchema, columns, cells: language, format: "compact", description: "", k: 0, base },
    ...{ permuted: true, conditions: { where }, switches: { halfProducts } },
    settings: { prompt: "none", explain: true, allowCopies: true, threads: 2, seed: 3, ...settings },
  });
  const { columns: drawn, explained } = await sampler.group(0, N_ROWS);
  const [order] = sampler.plan.orders;
  sampler.close();
  const losses = smallSchema.fields.map(({ name }) => {
    const logs = explained!.find((column) => column.name === `${name}: log probability`);
    if (logs?.kind !== "number") throw new Error(`expected explanations of ${name}`);
    return Array.from(logs.scaled, (scaled) => -scaled / 10 ** logs.decimals);
  });
  return { drawn, order: order!, losses };
}

it.each([
  [undefined, false],
  ["unit = 'only'", false],
  ["note = 'mal'", false],
  ["change > 0 and age >= 9", false],
  ["note = 'mal'", true],
])(
  "rows are drawn from what the model was trained to give in their order: %s, factors in 16 bits: %s",
  async (where, halfProducts) => {
    const { drawn, order, losses } = await draw(where, {}, halfProducts);
    const likelihood = await RowLikelihood.open({
      ...{ schema: smallSchema, columns, cells: language, format: "compact", description: "", base },
      ...{ threads: 1, anyOrder: true },
    });
    const { cells } = await likelihood.of(drawn, order);
    likelihood.close();
    const given = smallSchema.fields.map(({ name }) => where?.includes(name) === true);
    if (where === "note = 'mal'") expect(order[0]).toBe(3);
    losses.forEach((column, f) => {
      // A condition leaves fewer values than the trainer's softmax has.
      if (given[f] !== true) {
        const digits = halfProducts ? 2 : 4;
        column.forEach((loss, row) => expect(loss).toBeCloseTo(cells[row * losses.length + f]!, digits));
      }
    });
  },
);

it("the likelihood of a row depends on the order that it is written in", async () => {
  const likelihood = await RowLikelihood.open({
    ...{ schema: smallSchema, columns, cells: language, format: "compact", description: "", base },
    ...{ threads: 1, anyOrder: true },
  });
  const [natural, turned] = [await likelihood.of(columns), await likelihood.of(columns, [4, 3, 2, 1, 0])];
  likelihood.close();
  const differences = natural.nats.map((nats, row) => Math.abs(nats - turned.nats[row]!));
  expect(Math.max(...differences)).toBeGreaterThan(0.01);
});

it("llama.cpp draws the same rows in the natural order", async () => {
  const [dense, llama] = [await draw(undefined), await draw(undefined, { engine: "llama" })];
  const same = (a: number[], b: number[]): number => a.filter((x, i) => Math.abs(x - b[i]!) < 1e-2).length;
  dense.losses.forEach((column, f) => {
    expect(same(column, llama.losses[f]!)).toBeGreaterThan(0.9 * N_ROWS);
  });
});
