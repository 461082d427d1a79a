/** The report's style sheet: light and dark by the reader's setting, one column on a phone, ink-saving in print. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #5b6570; --line: #dfe3e8; --wash: #f4f6f8;
  --real: #7f8c9a; --one: #d9480f; --two: #1971c2; --three: #2b8a3e; --four: #9c36b5; --five: #b08900; --alert: #fff4e0; --bad: #c92a2a; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --soft: #9aa5b1; --line: #353c44;
  --wash: #1d2226; --real: #8b98a6; --one: #ff8a4c; --two: #5aa9ff; --three: #5fd07a; --four: #da83f0; --five: #e6c229;
  --alert: #33290f; --bad: #ff6b6b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
table { overflow-wrap: normal; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1rem 0 .5rem; overflow-wrap: anywhere; }
a { color: var(--two); }
p { margin: .3rem 0; max-width: 46rem; }
.soft, small { color: var(--soft); }
.warnings { background: var(--alert); padding: .8rem 1rem .8rem 2rem; border-radius: .4rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--two); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th[scope=row] { min-width: 13rem; font-weight: 600; }
th small { display: block; font-weight: 400; max-width: 34rem; }
.words { white-space: nowrap; }
td.figure, th.figure { text-align: right; white-space: nowrap; }
tr.part th { font-weight: 400; padding-left: 1.2rem; }
tr.part td, tr.part th { border-bottom-style: dotted; }
tr.area th { padding-top: 1.2rem; text-transform: uppercase; font-size: .75rem; letter-spacing: .06em; color: var(--soft); }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1rem; margin-bottom: 1.2rem; }
.verdict { background: var(--wash); border-left: .3rem solid var(--soft); border-radius: .4rem; padding: .7rem 1rem; break-inside: avoid; }
.verdict.good { border-color: var(--three); } .verdict.fair { border-color: var(--five); } .verdict.poor { border-color: var(--bad); }
.verdict .area { text-transform: uppercase; font-size: .75rem; letter-spacing: .06em; color: var(--soft); margin: 0; }
.verdict .headline { font-size: 1.1rem; font-weight: 600; }
.verdict ul { margin: .3rem 0 0; padding-left: 1.1rem; color: var(--soft); font-size: .9rem; }
.plus { color: var(--two); } .minus { color: var(--one); }
td.figure small { display: block; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .4rem 0 1rem; list-style: none; }
.swatch { display: inline-block; width: .9em; height: .9em; border-radius: .2em; margin-right: .45em; vertical-align: -.08em; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.2rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-weight: 600; overflow-wrap: anywhere; }
figcaption small { display: block; font-weight: 400; }
.chart { width: 100%; min-height: 8rem; }
.chart.short { min-height: 6rem; }
.chart svg { max-width: 100%; height: auto; }
code { background: var(--wash); padding: .1em .3em; border-radius: .25em; overflow-wrap: anywhere; }
@media (max-width: 40rem) { th[scope=row] { min-width: 8rem; } th, td { padding-right: .5rem; }
  .words { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --wash: #fff; --alert: #fff;
  --real: #888; --one: #d9480f; --two: #1971c2; --three: #2b8a3e; --four: #9c36b5; --five: #b08900; --bad: #c92a2a; }
  .verdict { border: 1px solid var(--line); border-left-width: .3rem; }
  nav { display: none; }
  body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; }
  th, td, .words { overflow-wrap: anywhere; padding-right: .3rem; white-space: normal !important; } th[scope=row] { min-width: 0; } }
`;

/** Draws every chart of the page in place; what fails says so where it stands. Marks the page when all are done. */
export const SCRIPT = `
const charts = JSON.parse(document.getElementById("charts").textContent);
const draw = async (element) => {
  try {
    const spec = vegaLite.compile(charts[element.dataset.chart]).spec;
    const view = new vega.View(vega.parse(spec), { renderer: "svg", container: element, hover: true });
    await view.runAsync();
    // A chart as wide as its place is laid out once more when it knows its axes' width.
    await view.runAsync();
  } catch (error) {
    element.textContent = "This chart could not be drawn: " + error.message;
  }
};
Promise.all(Array.from(document.querySelectorAll("[data-chart]"), draw)).then(() => {
  document.documentElement.dataset.drawn = "true";
});
`;
