// Writes the figures that pages quote from benchmarks/results, between the marks "<!-- figures NAME -->" and
// "<!-- /figures -->". With --check it writes nothing and fails where a page is behind.   node scripts/docs.mjs [--check]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";

const PAGES = [
  ...["README.md", "benchmarks/README.md"],
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const MARKED = /(<!-- figures ([\w-]+) -->\n)[\s\S]*?(<!-- \/figures -->)/g;

const results = (name) => JSON.parse(readFileSync(`benchmarks/results/${name}.json`, "utf8"));
const times = (ratio) => (ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1));

/** A table in Markdown: numbers to the right, what they are of to the left. */
const table = (header, rows) =>
  [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/** Median of a metric where the settings are these; "-" where it was not measured. */
function median({ trials }, metric, settings, show) {
  const found = trials.find(
    (trial) =>
      trial.metric === metric &&
      Object.entries(settings).every(([key, value]) => (trial.settings[key] ?? trial[key]) === value),
  );
  return typeof found?.median === "number" ? show(found.median) : "-";
}

/** Rows of a table by the keys of ratios, those that were measured. */
const ratioRows = (ratios, lines) =>
  lines.filter(([, key]) => ratios[key] !== undefined).map(([text, key, show]) => [text, show(ratios[key])]);

/** Scores of generated rows by metric: what they are called, and how they are shown. */
const SCORES = [
  ["detection", "detection_auc"],
  ["column shapes", "column_shapes"],
  ["pair trends", "pair_trends"],
  ["weighted F1", "mle_f1"],
  ["closer to train", "dcr_share"],
  ["exact copies", "exact_copies", (x) => `${(100 * x).toFixed(2)} %`],
];
const digits = (x) => x.toFixed(3);
const rounded = (x) => Math.round(x).toLocaleString("en");
const passes = (x) => (x === 0 ? "" : x < 10 && !Number.isInteger(x) ? x.toFixed(1) : rounded(x));
const size = (x) => (x < 1e6 ? `${rounded(x / 1e3)} k` : `${(x / 1e6).toFixed(1)} M`);

/** What generators are called in a table, by their subject. */
const GENERATORS = {
  harmonic: "table model",
  "language-model": "language model",
  tabularargn: "TabularARGN",
  tvae: "TVAE",
  ctgan: "CTGAN",
  realtabformer: "REaLTabFormer",
  smote: "SMOTE",
};

/** Cells of a line about one trial: medians of these metrics. */
const cellsOf = (measured, settings, metrics) =>
  metrics.map(([, metric, show]) => median(measured, metric, settings, show ?? digits));

/** The line below a table that says where its figures were measured. */
const madeOn = ({ machine, commit }) =>
  `Measured on ${machine.cores} cores (${machine.cpu}) at commit ${commit.slice(0, 7)}.`;

/** A table of what was measured, with where. */
const measuredTable = (measured, header, rows) => `${table(header, rows)}\n\n${madeOn(measured)}`;

/** What each mark is filled with, by its name. */
const FIGURES = {
  train() {
    const measured = results("train");
    return measuredTable(
      measured,
      ["training on two threads", "times"],
      ratioRows(measured.ratios, [
        ["tokens a second, against PyTorch + PEFT in BF16", "tokens_vs_peft_bf16", times],
        ["tokens a second, against PyTorch + PEFT in F32", "tokens_vs_peft_f32", times],
        ["rows learned a second, every row of a group against the last", "rows_vs_peft", times],
        ["peak memory, of PyTorch + PEFT's in BF16", "memory_vs_peft", (x) => x.toFixed(2)],
        ["from scratch, tokens a second against PyTorch", "scratch_tokens_vs_pytorch", times],
      ]),
    );
  },
  sample() {
    const measured = results("sample");
    const each = (x) => `${x.toFixed(1)} rows/s`;
    return measuredTable(
      measured,
      ["drawing rows of adult from a tuned SmolLM2-135M", "rows/s, or times"],
      ratioRows(measured.ratios, [
        ["ours, five examples, eight rows a prompt", "adult_rows_per_s_with_examples", each],
        ["ours, without examples", "adult_rows_per_s_without", each],
        ["against llama.cpp's server with a JSON schema", "rows_vs_llama_server", times],
        [
          "against llama.cpp's server with our format as a grammar",
          "rows_vs_llama_server_same_format",
          times,
        ],
        ["against node-llama-cpp with a JSON grammar", "rows_vs_node_llama_cpp", times],
        ["against be_great, without examples", "rows_vs_be_great", times],
      ]),
    );
  },
  switches() {
    const measured = results("sample");
    const { ratios } = measured;
    const show = (key) => (ratios[key] === undefined ? "" : ratios[key].toFixed(2));
    const names = ["jumpForward", "sharePrefix", "sharePrompt", "cutVocabulary", "drafts", "smallCache"];
    return measuredTable(
      measured,
      ["times the rows/s by a switch", "all others on", "all others off"],
      [
        ...names.map((name) => [`\`${name}\``, `switch_${name}_with_others`, `switch_${name}_alone`]),
        ["`drafts`, four rows in lock-step", "switch_drafts_with_few_rows", ""],
        ["our own graph instead of llama.cpp's", "switch_graph_with_others", "switch_graph_alone"],
      ].map(([text, ...keys]) => [text, ...keys.map(show)]),
    );
  },
  evaluate() {
    const measured = results("evaluate");
    const { ratios } = measured;
    const seconds = (settings) =>
      median(measured, "seconds", settings, (x) => `${x.toFixed(x < 10 ? 1 : 0)} s`);
    const large = [100_000, 1_000_000].map((rows) => ({ scores: "all", rows }));
    return measuredTable(
      measured,
      ["scores on two threads", "figure"],
      [
        ["the scores that SDMetrics gives, 30,000 rows: ours", seconds({ scores: "sdmetrics" })],
        ["times faster than SDMetrics", times(ratios.speed_vs_sdmetrics)],
        ["the attacks of Anonymeter, 30,000 rows: ours", seconds({ scores: "anonymeter" })],
        ["times faster than Anonymeter", times(ratios.speed_vs_anonymeter)],
        ...large.map((settings) => [
          `all default scores, ${settings.rows.toLocaleString("en")} rows against a tenth as many real ones`,
          `${seconds(settings)}, ${median(measured, "peak_memory", settings, (x) => `${x.toFixed(0)} MB`)}`,
        ]),
      ],
    );
  },
  table() {
    const measured = results("table");
    const metrics = [
      ["trained in", "train_s", (x) => `${rounded(x)} s`],
      ["passes", "epochs", passes],
      ["rows/s", "rows_per_s", rounded],
      ["memory", "peak_memory", (x) => `${rounded(x)} MB`],
      ...SCORES,
    ];
    const subjects = [...new Set(measured.trials.map(({ subject }) => subject))];
    const lines = subjects.map((subject) => [
      GENERATORS[subject],
      ...cellsOf(measured, { subject }, metrics),
    ]);
    const ofReal = { mle_f1: "mle_f1_real", exact_copies: "exact_copies_real" };
    const realRows = metrics.map(([, metric, show]) =>
      ofReal[metric] ? median(measured, ofReal[metric], {}, show ?? digits) : "",
    );
    lines.push(["real rows", ...realRows]);
    return measuredTable(measured, ["adult", ...metrics.map(([title]) => title)], lines);
  },
  "small-tables"() {
    const measured = results("small-tables");
    const metrics = [["passes", "epochs", passes], ...SCORES];
    const tables = [...new Set(measured.trials.map(({ settings }) => settings.table))];
    const lines = tables.flatMap((name) => {
      const trials = measured.trials.filter(({ settings }) => settings.table === name);
      const real = median(measured, "mle_f1_real", { table: name }, digits);
      const seeds = new Map(trials.map(({ subject, settings }) => [subject, settings.seeds]));
      return [...seeds].map(([subject, n], i) => [
        i === 0 ? `${name} (F1 of real rows ${real})` : "",
        `${GENERATORS[subject]}, ${n} seed${n === 1 ? "" : "s"}`,
        ...cellsOf(measured, { subject, table: name }, metrics),
      ]);
    });
    return measuredTable(measured, ["table", "generator", ...metrics.map(([title]) => title)], lines);
  },
  curve() {
    const measured = results("curve");
    const metrics = [
      ["weights", "parameters", size],
      ["trained in", "train_s", (x) => `${rounded(x)} s`],
      ["rows/s", "rows_per_s", rounded],
      ...SCORES.slice(0, -1),
    ];
    const sizes = measured.trials
      .filter(({ metric }) => metric === "train_s")
      .map(({ settings }) => settings);
    const lines = sizes.map(({ layers, width }) => [
      `${layers} × ${width}`,
      ...cellsOf(measured, { layers, width }, metrics),
    ]);
    return measuredTable(measured, ["blocks × width", ...metrics.map(([title]) => title)], lines);
  },
  million() {
    const measured = results("million");
    return measuredTable(
      measured,
      ["a million rows to", "speed", "peak memory", "growth", "invalid rows"],
      ["parquet", "csv"].map((format) => [
        format,
        ...[
          ["rows_per_second", (x) => `${x.toFixed(0)} rows/s`],
          ["peak_memory", (x) => `${x.toFixed(0)} MB`],
          ["memory_growth", (x) => `${x.toFixed(0)} MB`],
          ["invalid_rows", (x) => x.toFixed(0)],
        ].map(([metric, show]) => median(measured, metric, { format }, show)),
      ]),
    );
  },
  impute() {
    const measured = results("impute");
    const metrics = [
      ["accuracy", (x) => `${(100 * x).toFixed(1)} %`],
      ["rmse", (x) => x.toFixed(3)],
      ["mae", (x) => x.toFixed(3)],
      ["train_s", (x) => (x === 0 ? "" : `${x.toFixed(0)} s`)],
      ["impute_s", (x) => `${x.toFixed(x < 10 ? 1 : 0)} s`],
      ["peak_memory", (x) => `${x.toFixed(0)} MB`],
    ];
    return measuredTable(
      measured,
      [
        "a fifth of adult's cells held out",
        "categories right",
        "rms error",
        "mean error",
        "learnt in",
        "filled in",
        "memory",
      ],
      [
        ["`--impute mean`", { subject: "harmonic", impute: "mean" }],
        ["`--impute median`", { subject: "harmonic", impute: "median" }],
        ["`--impute draw`", { subject: "harmonic", impute: "draw" }],
        ["5 nearest neighbours", { subject: "knn", k: 5 }],
        ["15 nearest neighbours", { subject: "knn", k: 15 }],
        ["MICE", { subject: "mice", trees: 0 }],
        ["MICE by boosted trees", { subject: "mice", trees: 50 }],
        ["commonest value, mean", { subject: "floor", median: 0 }],
        ["commonest value, median", { subject: "floor", median: 1 }],
      ].map(([text, settings]) => [
        text,
        ...metrics.map(([metric, show]) => median(measured, metric, settings, show)),
      ]),
    );
  },
  conditions() {
    const measured = results("conditions");
    return measuredTable(
      measured,
      [
        "rows of adult",
        "nats a row, natural order",
        "shapes under a condition",
        "of real rows",
        "trained in",
      ],
      [
        ["any order (`--permute`)", "any order"],
        ["any order, as many passes as the natural one", "any order, as many passes"],
        ["natural order", "natural order"],
      ].map(([text, subject]) => [
        text,
        ...[
          ["nats_per_row", (x) => x.toFixed(2)],
          ["column_shapes", (x) => x.toFixed(3)],
          ["column_shapes_real", (x) => x.toFixed(3)],
          ["train_s", (x) => `${x.toFixed(0)} s`],
        ].map(([metric, show]) => median(measured, metric, { subject }, show)),
      ]),
    );
  },
  groups() {
    const measured = results("groups");
    const kinds = [
      ["nearest neighbours", { groups: "knn", maxUses: 0 }],
      ...[1, 2, 3, 5].map((n) => [`nearest neighbours, \`--max-uses ${n}\``, { groups: "knn", maxUses: n }]),
      ["random partition", { groups: "partition", maxUses: 0 }],
    ];
    return table(
      ["groups", "spread", "most uses", "never used", "examples a group"],
      kinds.map(([text, settings]) => [
        text,
        median(measured, "spread", settings, (x) => x.toFixed(2)),
        median(measured, "most_uses", settings, (x) => x.toFixed(0)),
        median(measured, "never_used", settings, (x) => `${(100 * x).toFixed(0)} %`),
        median(measured, "examples", settings, (x) => x.toFixed(1)),
      ]),
    );
  },
};

function fill(text, page) {
  return text.replace(MARKED, (_, open, name, close) => {
    if (!FIGURES[name])
      throw new Error(`${page}: unknown figures "${name}"; there are ${Object.keys(FIGURES)}`);
    return `${open}\n${FIGURES[name]()}\n\n${close}`;
  });
}

const check = process.argv.includes("--check");
for (const page of PAGES) {
  const before = readFileSync(page, "utf8");
  const after = await format(fill(before, page), { ...(await resolveConfig(page)), filepath: page });
  if (after === before) continue;
  if (check) {
    console.error(`${page} does not quote the last results: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(page, after);
    console.error(`-- ${page}: figures brought up to date`);
  }
}
