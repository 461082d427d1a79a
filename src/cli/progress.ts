import { Presets, SingleBar } from "cli-progress";
import type { OnProgress, Progress } from "../progress";
import type { Io } from "./io";

/** Where the command line shows what is going on: stderr, so that stdout is free for data. */
export interface ProgressView {
  onProgress: OnProgress;
  /** One line of its own, above a bar where there is one. */
  say(line: string): void;
  /** Ends the bar of the last stage. */
  stop(): void;
}

const LINE_INTERVAL_MS = 10_000;

/** Bars on a terminal, a line now and then elsewhere, nothing with `quiet`. */
export function createProgressView(io: Pick<Io, "stderr">, quiet = false): ProgressView {
  if (quiet) return { onProgress: () => {}, say: () => {}, stop: () => {} };
  return io.stderr.isTTY === true ? new BarView(io.stderr) : new LineView(io.stderr);
}

/** Amounts per second since the stage began, and what is left at that rate. */
export class Meter {
  private readonly startMs: number;
  /** What an earlier, interrupted run had done: no part of the rate. */
  private readonly from: number;

  constructor(first: Progress, nowMs: number) {
    this.startMs = nowMs;
    this.from = first.done;
  }

  /** Units per second; 0 where there is nothing to tell from yet. */
  rate(progress: Progress, nowMs: number): number {
    const seconds = (nowMs - this.startMs) / 1000;
    return seconds > 0 ? (progress.done - this.from) / seconds : 0;
  }

  /** "120 tokens/s, 2 min 5 s left"; empty where there is nothing to tell from yet. */
  describe(progress: Progress, nowMs: number): string {
    const rate = this.rate(progress, nowMs);
    if (rate <= 0) return "";
    const parts = [`${formatAmount(rate, progress.unit)}/s`];
    if (progress.total > 0 && progress.done < progress.total) {
      parts.push(`${formatSeconds((progress.total - progress.done) / rate)} left`);
    }
    return parts.join(", ");
  }
}

class BarView implements ProgressView {
  private bar: SingleBar | undefined;
  private stage = "";
  private meter: Meter | undefined;

  constructor(private readonly stderr: Io["stderr"]) {}

  readonly onProgress = (progress: Progress): void => {
    if (progress.stage !== this.stage) this.begin(progress);
    const facts = this.meter?.describe(progress, Date.now()) ?? "";
    const payload = { facts, note: progress.note ?? "", amount: amountOf(progress) };
    this.bar?.setTotal(Math.max(1, progress.total));
    this.bar?.update(progress.total > 0 ? progress.done : 0, payload);
    if (progress.total > 0 && progress.done >= progress.total) this.stop();
  };

  say(line: string): void {
    this.stop();
    this.stderr.write(line + "\n");
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.stage = "";
  }

  private begin(progress: Progress): void {
    this.stop();
    this.stage = progress.stage;
    this.meter = new Meter(progress, Date.now());
    this.bar = new SingleBar(
      {
        format: `${progress.stage.padEnd(10)} {bar} {percentage}% {amount} {facts} {note}`,
        stream: this.stderr,
        barsize: 24,
        hideCursor: true,
        gracefulExit: false,
        etaBuffer: 1,
      },
      Presets.shades_classic,
    );
    this.bar.start(Math.max(1, progress.total), progress.done, { facts: "", note: "", amount: "" });
  }
}

/** For logs: the first report of a stage, its last, and now and then the latest between them. */
export class LineView implements ProgressView {
  private stage = "";
  private meter: Meter | undefined;
  private lastMs = 0;
  /** tells a report that came too soon after another, where none follows */
  private later: NodeJS.Timeout | undefined;

  constructor(
    private readonly stderr: Pick<Io["stderr"], "write">,
    private readonly now: () => number = Date.now,
  ) {}

  readonly onProgress = (progress: Progress): void => {
    clearTimeout(this.later);
    const nowMs = this.now();
    const isNew = progress.stage !== this.stage;
    const isLast = progress.total > 0 && progress.done >= progress.total;
    const waitMs = this.lastMs + LINE_INTERVAL_MS - nowMs;
    if (isNew) {
      this.stage = progress.stage;
      this.meter = new Meter(progress, nowMs);
    } else if (!isLast && waitMs > 0) {
      this.later = setTimeout(() => this.onProgress(progress), waitMs).unref();
      return;
    }
    this.lastMs = nowMs;
    const facts = [amountOf(progress), this.meter?.describe(progress, nowMs), progress.note];
    this.say(`${progress.stage}: ${facts.filter(Boolean).join(", ")}`);
    if (isLast) this.stop();
  };

  say(line: string): void {
    this.stderr.write(line + "\n");
  }

  stop(): void {
    clearTimeout(this.later);
    this.stage = "";
  }
}

function amountOf({ done, total, unit }: Progress): string {
  if (total === 0) return formatAmount(done, unit);
  return `${formatAmount(done, unit === "bytes" ? unit : "")} of ${formatAmount(total, unit)}`;
}

/** "1,234 rows", "0.8 rows", "12.3 MB": bytes in units that a person reads. */
export function formatAmount(amount: number, unit: string): string {
  if (unit === "bytes") return `${(amount / 1e6).toFixed(1)} MB`;
  const digits = amount >= 100 || Number.isInteger(amount) ? 0 : 1;
  const number = amount.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === "" ? number : `${number} ${unit}`;
}

/** "8 s", "2 min 5 s", "3 h 20 min". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
