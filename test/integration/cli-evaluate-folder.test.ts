import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation } from "../../src/evaluate/evaluation";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const TABLE = join(__dirname, "../fixtures/mixed.csv");
const dir = join(root, "run");
const metricsOf = (): Evaluation => JSON.parse(readFileSync(join(dir, "metrics.json"), "utf8")) as Evaluation;
const namesOf = ({ metrics }: Evaluation): string[] => metrics.map(({ name }) => name);

/** What a command prints as JSON; it must succeed. */
async function result<T>(...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await harmonic([...argv, "--json", "--quiet"]);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout.toString()) as T;
}

beforeAll(async () => {
  writeTinyGguf(base);
  const training = ["--epochs", "1", "--rank", "4", "--k", "2", "--permute"];
  await result("run", TABLE, "--target", "level", "--base", base, "--rows", "40", "--out", dir, ...training);
});

describe("harmonic evaluate RUN_DIR", () => {
  it("has the model's own losses in it after a run, and does nothing again that is done", async () => {
    expect(namesOf(metricsOf()).slice(-2)).toEqual(["data-leakage", "loss-membership"]);
    const before = statSync(join(dir, "metrics.json")).mtimeMs;
    expect(await result("evaluate", dir)).toEqual(metricsOf());
    expect(statSync(join(dir, "metrics.json")).mtimeMs).toBe(before);
    const [score] = metricsOf().metrics.at(-2)!.scores;
    expect(score!.detail.nOrders).toBe(4);
  });

  it("scores again on request, in the folder and in the files asked for", async () => {
    const csv = join(root, "scores.csv");
    const report = join(root, "report.html");
    const evaluation = await result<Evaluation>(
      ...["evaluate", dir, "--dlt", "0", "--lle", "--csv", csv, "--report", report],
    );
    expect(evaluation).toEqual(metricsOf());
    expect(namesOf(evaluation)).toContain("llm-efficiency");
    expect(namesOf(evaluation)).not.toContain("data-leakage");
    const accuracy = evaluation.metrics.find(({ name }) => name === "llm-efficiency")!.scores[1]!.parts
      .accuracy;
    expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(readFileSync(csv, "utf8")).toContain("utility,llm-efficiency,,");
    expect(readFileSync(report, "utf8")).toBe(readFileSync(join(dir, "report.html"), "utf8"));
    const run = JSON.parse(readFileSync(join(dir, "run.json"), "utf8"));
    expect(run.settings.evaluate).toEqual({ dlt: 0, lle: true, tune: false, compat: false });
  });

  it.each([
    [["evaluate", dir, "--train", TABLE], "no `train` beside a run folder"],
    [["evaluate", dir, "--synthetic", `a=${TABLE}`], "no `synthetic` beside a run folder"],
    [["evaluate", "--train", TABLE, "--test", TABLE, "--dlt", "5"], "a run folder for `dlt`"],
    [["evaluate", "--train", TABLE, "--test", TABLE], "synthetic"],
  ])("refuses %j", async (argv, message) => {
    const { code, stderr } = await harmonic(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuses a folder without rows", async () => {
    const empty = join(root, "preprocessed");
    await result("preprocess", TABLE, "--target", "level", "--out", empty);
    const { code, stderr } = await harmonic(["evaluate", empty]);
    expect(code).toBe(1);
    expect(stderr).toContain("hint: harmonic run makes both");
  });

  it("tunes a base on tables of files too", async () => {
    const file = (name: string): string => join(dir, name);
    const tables = ["--train", file("train.csv"), "--test", file("test.csv"), "--synthetic"];
    const argv = ["evaluate", ...tables, `a=${file("synthetic.csv")}`, "--lle", "--base", base];
    const schema = ["--schema", file("schema.json")];
    expect(namesOf(await result<Evaluation>(...argv, ...schema))).toContain("llm-efficiency");
  });
});
