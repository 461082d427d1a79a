import { cellsOf, type Cells } from "../../../src/evaluate/cells";
import { createContext } from "../../../src/evaluate/context";
import { examplesOf } from "../../../src/evaluate/examples";
import type { LearnerKind } from "../../../src/evaluate/learners";
import { tune } from "../../../src/evaluate/tune";
import { makePeople, schemaOf } from "../../support/people";

const people = cellsOf(makePeople(200, 1));

/** A learner of three settings, of which only the second can learn: the others hold it to a constant, or nearly. */
const kind: LearnerKind = {
  ...{ key: "lr", title: "logistic regression", learner: "logistic-regression", parameters: { C: 1e-8 } },
  grid: [1e-8, 1, 1e-7].map((C) => ({ learner: "logistic-regression", parameters: { C } })),
};

const tuned = (train: Cells[], target: string): Promise<LearnerKind> => {
  const schema = schemaOf(train, target);
  const context = createContext({ schema, train, test: train, seed: 1, threads: 2 });
  return tune(kind, examplesOf(train, context), context);
};

test.each(["label", "income"])("takes the setting that predicts %s best over folds", async (target) => {
  expect(await tuned(people, target)).toEqual({ ...kind, parameters: { C: 1 } });
});

test("takes the first of settings that are as good", async () => {
  const constant = people.map((column) =>
    column.name === "label" && column.kind === "category"
      ? { ...column, codes: column.codes.map(() => 1) }
      : column,
  );
  expect((await tuned(constant, "label")).parameters).toEqual({ C: 1e-8 });
});
