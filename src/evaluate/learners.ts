import type { Learner } from "../native/addon";
import type { Task } from "../table/infer";

/** A learner with its settings, and the grid that they may be chosen from. */
export interface LearnerKind {
  /** stable key, in the parts of metrics */
  key: string;
  title: string;
  learner: Learner;
  parameters: Record<string, number>;
  /** each of them a setting to try; the paper's (HARMONIC, section 5) */
  grid: { learner: Learner; parameters: Record<string, number> }[];
}

/** Most training rows for the kernel machine, whose time grows with their square; with more a linear one is taken. */
export const MAX_KERNEL_ROWS = 5_000;

/** Logistic or ridge regression, a support vector machine, a random forest, and boosted trees. */
export function learnerKinds(task: Exclude<Task, "none">, nTrain: number): LearnerKind[] {
  const classes = task === "classification";
  const kernel = nTrain <= MAX_KERNEL_ROWS;
  return [
    {
      key: "logistic-regression",
      title: classes ? "logistic regression" : "linear regression",
      learner: "logistic-regression",
      // ridge with alpha 1
      parameters: { C: classes ? 1 : 0.5 },
      grid: [1e-3, 1e-2, 0.1, 1, 10, 100].map((C) => ({ learner: "logistic-regression", parameters: { C } })),
    },
    {
      key: "svm",
      title: "SVM",
      learner: kernel ? "svm-rbf" : "svm-linear",
      parameters: { C: 1 },
      grid: [0.5, 1].flatMap((C) => [
        { learner: "svm-linear" as const, parameters: { C } },
        ...(kernel ? [{ learner: "svm-rbf" as const, parameters: { C } }] : []),
      ]),
    },
    {
      key: "random-forest",
      title: "random forest",
      learner: "random-forest",
      parameters: { trees: 100 },
      grid: product(
        [10, 50, 100, 200].map((trees) => ({ trees })),
        [{}, { depth: 10 }, { depth: 20 }, { depth: 30 }],
        [2, 5, 10].map((minSplit) => ({ minSplit })),
      ).map((parameters) => ({ learner: "random-forest", parameters })),
    },
    {
      key: "xgboost",
      title: "XGBoost",
      learner: "xgboost",
      parameters: { rounds: 100, depth: 5, learningRate: 0.1 },
      grid: product(
        [10, 50, 100].map((rounds) => ({ rounds })),
        [0.01, 0.05, 0.1].map((learningRate) => ({ learningRate })),
        [3, 5, 7, 10].map((depth) => ({ depth })),
      ).map((parameters) => ({ learner: "xgboost", parameters })),
    },
  ];
}

function product(...sets: Record<string, number>[][]): Record<string, number>[] {
  return sets.reduce((all, set) => all.flatMap((a) => set.map((b) => ({ ...a, ...b }))), [{}]);
}
