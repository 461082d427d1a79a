import { createContext, runInContext } from "node:vm";
import type { Evaluation } from "../../../src/evaluate/evaluation";
import { renderReport } from "../../../src/report/report";
import { categories, makePeople, numbers, schemaOf } from "../../support/people";

const EVIL = `</script><script>alert("x")</script>`;
const train = [
  ...makePeople(200, 1),
  numbers(EVIL, Array<number>(200).fill(1)),
  categories("e", [EVIL], Array<number>(200).fill(0)),
];
const other = [
  ...makePeople(100, 2),
  numbers(EVIL, Array<number>(100).fill(2)),
  categories("e", [EVIL], Array<number>(100).fill(-1)),
];

const evaluation: Evaluation = {
  version: 2,
  seed: 1,
  task: "none",
  target: EVIL,
  tables: [
    { name: "train", role: "train", rows: 200 },
    { name: EVIL, role: "synthetic", rows: 100 },
  ],
  metrics: [
    {
      name: "column-shapes",
      title: "Column shapes",
      area: "fidelity",
      direction: "higher",
      description: "How well columns match.",
      parts: [{ key: "worst", title: "worst column", direction: "higher" }],
      yardstick: "fresh",
      scores: [
        { table: "real", value: 0.987, interval: null, parts: { worst: 0.9 }, detail: {}, notes: [] },
        {
          table: EVIL,
          value: 0.876,
          interval: null,
          parts: { worst: null },
          detail: { columns: train.map(({ name }) => ({ name, score: 0.765 })) },
          notes: [],
        },
      ],
    },
  ],
  warnings: [`${EVIL}: too small`],
};

const report = renderReport({
  title: EVIL,
  evaluation,
  schema: schemaOf(train, "label"),
  train,
  synthetic: [{ name: EVIL, columns: other }],
  training: [
    { step: 1, lossPerRow: 30 },
    { step: 2, lossPerRow: 25, validationLossPerRow: 26, validationLossPerColumn: { [EVIL]: 20, e: 6 } },
  ],
  settings: { seed: 1, note: EVIL },
});
const scripts = [...report.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);

test("names cannot break out of the page", () => {
  expect(report).not.toContain(EVIL);
  expect(report).toContain("&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  expect(scripts).toHaveLength(4); // the charts' data, two builds of the library, ours
});

test("the page needs no network and stays under 3 MB", () => {
  const markup = report.replace(/<script[\s\S]*?<\/script>/g, "");
  expect(markup).not.toMatch(/\b(src|href)="[^#]/);
  expect(markup).toContain("default-src &#39;none&#39;".replace(/&#39;/g, "'"));
  expect(report.length).toBeLessThan(3e6);
});

test("it shows the scores, the real one before the synthetic ones", () => {
  expect(report).toMatch(/Column shapes[\s\S]*?<strong>0\.987<\/strong>[\s\S]*?<strong>0\.876<\/strong>/);
  expect(report).toContain("0.765");
});

test("it never shows real rows", () => {
  expect(report.match(/<table>/g)).toHaveLength(3); // scores, rows of the synthetic table, settings
});

test("every chart is drawn by the library in the page", async () => {
  const context = createContext({ console, setTimeout, clearTimeout, structuredClone });
  runInContext(scripts[1]!, context);
  runInContext(scripts[2]!, context);
  context.charts = JSON.parse(scripts[0]!);
  expect(context.charts).toHaveLength(train.length + 3 + 1 + 3); // relations, plane, losses in all and of two columns
  const drawn = (await runInContext(
    "Promise.all(charts.map((chart) => new vega.View(vega.parse(vegaLite.compile(chart).spec), { renderer: 'none' }).toSVG()))",
    context,
  )) as string[];
  for (const svg of drawn)
    expect(svg).toMatch(/^<svg[\s\S]*mark-(area|rect|line|symbol)[\s\S]*var\(--(real|two|one)\)/);
});
