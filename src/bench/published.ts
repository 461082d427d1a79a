/** What the paper's tables give, by measure, table and method: means over its seeds (arXiv 2408.02927, Tables 1 and 2). */
export interface Published {
  methods: readonly string[];
  /** by table, in the order of the methods; null where there is none */
  tables: Readonly<Record<string, readonly (number | null)[]>>;
}

/** The figures that are compared. */
export type MeasureName = "MLE" | "LLE" | "DCR" | "NRS" | "PPL-diff";

const METHODS = [
  ...["original", "harmonic", "smote", "tvae", "ctab-gan", "tabddpm", "tabsyn", "great", "realtabformer"],
];
const SYNTHETIC = METHODS.slice(1);

export const PUBLISHED: Readonly<Record<MeasureName, Published>> = {
  MLE: {
    methods: METHODS,
    tables: {
      german: [0.5, 0.55, 0.64, 0.61, 0.57, 0.64, 0.63, 0.44, 0.65],
      adult: [0.61, 0.67, 0.75, 0.74, 0.73, 0.74, 0.73, 0.73, 0.76],
      diabetes: [0.56, 0.46, 0.72, 0.71, 0.67, 0.71, 0.68, 0.45, 0.66],
      buddy: [0.38, 0.27, 0.25, 0.27, 0.26, 0.27, 0.26, 0.24, 0.26],
    },
  },
  LLE: {
    methods: METHODS,
    tables: {
      german: [0.71, 0.64, 0.67, 0.69, 0.71, 0.67, 0.72, 0.55, 0.69],
      adult: [0.81, 0.8, 0.84, 0.83, 0.83, 0.83, 0.81, 0.82, 0.85],
      diabetes: [0.7, 0.75, 0.69, 0.72, 0.62, 0.72, 0.77, 0.71, 0.7],
      buddy: [0.88, 0.82, 0.85, 0.86, 0.82, 0.85, 0.86, 0.81, 0.7],
    },
  },
  DCR: {
    methods: SYNTHETIC,
    tables: {
      german: [8.08, 2.77, 4.09, 5.36, 2.21, 3.98, 5.84, 4.6],
      adult: [2.47, 0.16, 0.49, 0.82, 0.5, 0.86, 1.51, 0.57],
      diabetes: [0.44, 0.28, 0.33, 0.72, 0.21, 1.37, 1.36, 0.36],
      buddy: [2.52, 0.15, 0.66, 0.7, 0.18, 1.38, 8.3, 0.38],
    },
  },
  NRS: {
    methods: SYNTHETIC,
    tables: {
      german: [1, 1, 1, 1, 1, 1, 1, 1],
      adult: [1, 0.95, 1, 1, 1, 1, 1, 1],
      diabetes: [1, 1, 1, 1, 1, 1, 1, 1],
      buddy: [1, 0.93, 1, 1, 0.99, 1, 1, 1],
    },
  },
  "PPL-diff": {
    methods: ["harmonic", "great", "realtabformer"],
    tables: {
      german: [-0.16, -2.14, -22.04],
      adult: [-0.98, -0.67, -163.71],
      diabetes: [-0.37, -0.44, -42.46],
      buddy: [-0.34, -2.22, -41.13],
    },
  },
};

/** The paper's figure; undefined where it gives none. Names are compared without case. */
export function publishedFigure(measure: MeasureName, table: string, method: string): number | undefined {
  const { methods, tables } = PUBLISHED[measure];
  return tables[table.toLowerCase()]?.[methods.indexOf(method.toLowerCase())] ?? undefined;
}
