import { createProgressView, formatAmount, formatSeconds, LineView, Meter } from "../../../src/cli/progress";

const step = (done: number, note?: string) => ({
  stage: "train",
  done,
  total: 10,
  unit: "steps",
  ...(note !== undefined && { note }),
});

/** A view whose clock is set by hand. */
function lineView() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text.trimEnd()) > 0 };
  return { clock, lines, view: new LineView(stderr, () => clock.ms) };
}

describe("LineView", () => {
  it("prints the first and the last report, and one every ten seconds between", () => {
    const { clock, lines, view } = lineView();
    for (let done = 0; done <= 10; done++) {
      clock.ms = done * 4000;
      view.onProgress(step(done, `loss ${10 - done}`));
    }
    expect(lines).toEqual([
      "train: 0 of 10 steps, loss 10",
      "train: 3 of 10 steps, 0.3 steps/s, 28 s left, loss 7",
      "train: 6 of 10 steps, 0.3 steps/s, 16 s left, loss 4",
      "train: 9 of 10 steps, 0.3 steps/s, 4 s left, loss 1",
      "train: 10 of 10 steps, 0.3 steps/s, loss 0",
    ]);
  });

  it("tells the latest report in time where none follows, unless it is stopped", () => {
    jest.useFakeTimers();
    try {
      const { clock, lines, view } = lineView();
      for (const done of [0, 3, 4]) view.onProgress(step(done));
      clock.ms = 10_000;
      jest.advanceTimersByTime(10_000);
      expect(lines).toEqual(["train: 0 of 10 steps", "train: 4 of 10 steps, 0.4 steps/s, 15 s left"]);
      view.onProgress(step(5));
      view.stop();
      jest.advanceTimersByTime(60_000);
      expect(lines).toHaveLength(2);
    } finally {
      jest.useRealTimers();
    }
  });

  it("begins anew with each stage", () => {
    const { lines, view } = lineView();
    view.onProgress(step(1));
    view.onProgress({ stage: "sample", done: 0, total: 0, unit: "rows" });
    expect(lines).toEqual(["train: 1 of 10 steps", "sample: 0 rows"]);
  });
});

describe("Meter", () => {
  it("leaves out what an earlier run had done", () => {
    const meter = new Meter(step(4), 0);
    expect(meter.rate(step(6), 1000)).toBe(2);
    expect(meter.describe(step(6), 1000)).toBe("2 steps/s, 2 s left");
  });

  it("says nothing before there is something to tell from", () => {
    expect(new Meter(step(4), 0).describe(step(4), 500)).toBe("");
  });
});

describe("createProgressView", () => {
  it("is silent with quiet", () => {
    const written: string[] = [];
    const stderr = { write: (text: string) => written.push(text) > 0 };
    const view = createProgressView({ stderr: stderr as never }, true);
    view.onProgress(step(1));
    view.say("something");
    view.stop();
    expect(written).toEqual([]);
  });
});

it("formats amounts and times for a person", () => {
  expect(formatAmount(98_362_432, "bytes")).toBe("98.4 MB");
  expect(formatAmount(1234567, "tokens")).toBe("1,234,567 tokens");
  expect(formatAmount(0.84, "rows")).toBe("0.8 rows");
  expect([3, 125, 12000].map(formatSeconds)).toEqual(["3 s", "2 min 5 s", "3 h 20 min"]);
});
