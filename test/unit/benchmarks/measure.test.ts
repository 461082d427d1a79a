import { measurementsOf, median, medianOf, ratiosOf, runTrial } from "../../../benchmarks/harness/measure";
import { formatTable } from "../../../benchmarks/harness/table";
import type { Trial } from "../../../benchmarks/harness/trial";

const METRICS = [
  { name: "speed", unit: "rows/s" },
  { name: "memory", unit: "MB" },
];

const trialOf = (subject: string, script: string): Trial => ({
  subject,
  task: "task",
  settings: { threads: 2 },
  command: [process.execPath, "-e", script],
});

const ours = trialOf("ours", `console.log("noise"); console.log('{"speed":[3,1,2],"memory":[10]}')`);
const theirs = trialOf("theirs", `console.error("no such package"); process.exit(3)`);

describe("the benchmark harness", () => {
  it("reads a trial's values from the last line of its process's output", async () => {
    await expect(runTrial(ours)).resolves.toEqual({ speed: [3, 1, 2], memory: [10] });
  });

  it("tells how a failed trial ended, with the end of its stderr", async () => {
    await expect(runTrial(theirs)).rejects.toThrow("exit code 3: no such package");
  });

  it("joins the rounds of a trial and takes the median of all", () => {
    const [speed, memory] = measurementsOf(ours, METRICS, [
      { speed: [3, 1], memory: [10] },
      { speed: [2], memory: [12] },
    ]);
    expect(speed).toMatchObject({ metric: "speed", unit: "rows/s", values: [3, 1, 2], median: 2 });
    expect(memory).toMatchObject({ values: [10, 12], median: 11 });
  });

  it("reports a failed trial for every metric, whatever other rounds gave, and shows it in the table", () => {
    const rounds = [{ speed: [3], memory: [10] }, new Error("exit code 3: no such package")];
    const failed = measurementsOf(theirs, METRICS, rounds);
    expect(failed).toHaveLength(2);
    for (const { median, error } of failed) {
      expect(median).toBeNull();
      expect(error).toContain("no such package");
    }
    expect(formatTable(failed, METRICS)).toContain("failed: exit code 3: no such package");
  });

  it("fails a trial that leaves a metric out", () => {
    const [, memory] = measurementsOf(ours, METRICS, [{ speed: [1] }]);
    expect(memory).toMatchObject({ median: null, error: "the trial told no memory" });
  });

  it("finds medians by subject, metric and some settings, and leaves a ratio without both sides out", () => {
    const measurements = [
      ...measurementsOf(ours, METRICS, [{ speed: [6], memory: [10] }]),
      ...measurementsOf(theirs, METRICS, [new Error("failed")]),
    ];
    const of = (subject: string, metric: string, threads = 2): number | undefined =>
      medianOf(measurements, { subject, metric, settings: { threads } });
    expect(of("ours", "speed")).toBe(6);
    expect(of("ours", "speed", 1)).toBeUndefined();
    expect(ratiosOf({ a: [of("ours", "speed"), 4], b: [1, of("theirs", "speed")] })).toEqual({ a: 1.5 });
  });
});

describe("the median", () => {
  it("is the middle value, or the mean of the two in the middle", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
