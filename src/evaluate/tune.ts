import {
  CLASSIFICATION,
  REGRESSION,
  chooseExamples,
  measure,
  predict,
  sampleExamples,
  type Examples,
} from "./examples";
import type { LearnerKind } from "./learners";
import type { EvaluationContext } from "./metric";
import { mean } from "./rows";

const FOLDS = 5;
/** Most training rows that settings are chosen on. */
const MAX_ROWS = 2_000;

/**
 * The learner with the best settings of its grid: those with the best weighted F1 (or R2), mean over five folds of
 * real rows. All tables are scored by the same settings. As it is where there are fewer rows than folds.
 */
export async function tune(
  kind: LearnerKind,
  train: Examples,
  context: EvaluationContext,
): Promise<LearnerKind> {
  const examples = sampleExamples(train, MAX_ROWS, context.random("tune"));
  if (examples.y.length < FOLDS) return kind;
  const ids = Array.from(examples.y, (_, i) => i);
  const folds = Array.from({ length: FOLDS }, (_, fold) => ({
    train: chooseExamples(
      examples,
      ids.filter((i) => i % FOLDS !== fold),
    ),
    test: chooseExamples(
      examples,
      ids.filter((i) => i % FOLDS === fold),
    ),
  }));
  const { key } = (context.task === "regression" ? REGRESSION : CLASSIFICATION)[0]!;
  const scoreOf = async (setting: LearnerKind["grid"][number]): Promise<number> => {
    const figures = folds.map(async ({ train, test }) => {
      const predicted = await predict(setting, train, test, context);
      return measure(test.y, predicted, test.nClasses)[key]!;
    });
    return mean(await Promise.all(figures));
  };
  const scores = await Promise.all(kind.grid.map(scoreOf));
  const best = scores.reduce((a, score, i) => (score > scores[a]! ? i : a), 0);
  return { ...kind, ...kind.grid[best]! };
}
