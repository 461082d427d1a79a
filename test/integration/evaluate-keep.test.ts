import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, type EvaluateOptions } from "../../src/evaluate/evaluate";
import { scoreOf, type Evaluation, type Score } from "../../src/evaluate/evaluation";
import { makePeople, schemaOf } from "../support/people";
import { temporaryFolder } from "../support/temporary";

const folder = temporaryFolder();
const tables = (seed: number): EvaluateOptions => ({
  schema: schemaOf(makePeople(2, 1), "label"),
  train: makePeople(120, 1),
  test: makePeople(60, 2),
  synthetic: [{ name: "mine", columns: makePeople(80, 3) }],
  seed,
});

test("an interrupted evaluation goes on with the scores that it has kept", async () => {
  const keep = join(folder, "metrics.json.partial");
  const whole = await evaluate(tables(1));
  const controller = new AbortController();
  const interrupted = evaluate({
    ...tables(1),
    keep,
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done === 7) controller.abort();
    },
  });
  await expect(interrupted).rejects.toMatchObject({ code: "E_ABORTED" });
  expect(readFileSync(keep, "utf8").trim().split("\n").length).toBeGreaterThanOrEqual(7);

  // a line that the interruption cut off, and a mark to see that what is kept is not computed again
  const text = readFileSync(keep, "utf8").replace('"notes":[]', '"notes":["kept"]');
  writeFileSync(keep, `${text}{"metric":"cut o`);
  const gone = await evaluate({ ...tables(1), keep });
  const marked = (evaluation: Evaluation): Score[] =>
    evaluation.metrics.flatMap(({ scores }) => scores).filter(({ notes }) => notes.includes("kept"));
  expect(marked(gone)).toHaveLength(1);
  marked(gone)[0]!.notes = [];
  expect(gone.metrics).toEqual(whole.metrics);

  // scores of a table stay good beside another one, but not those of other rows under its name
  const more = { name: "more", columns: makePeople(70, 4) };
  const both = await evaluate({ ...tables(1), keep, synthetic: [...tables(1).synthetic, more] });
  expect(marked(both)).toHaveLength(1);
  expect(both.metrics[0]!.scores.map(({ table }) => table)).toEqual(["real", "mine", "more"]);
  const few = await evaluate({ ...tables(1), keep, synthetic: [{ ...more, name: "mine" }] });
  const scores = (evaluation: Evaluation, table: string): unknown =>
    evaluation.metrics.map((metric) => ({ ...scoreOf(evaluation, metric.name, table)!, table: "" }));
  expect(scores(few, "mine")).toEqual(scores(both, "more"));

  // another seed is another evaluation
  expect(marked(await evaluate({ ...tables(2), keep }))).toEqual([]);
});
