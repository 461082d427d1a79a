/** A smoothed loss this many times the first one, and above FLOOR nats a token, has exploded. */
const LIMIT = 3;
const FLOOR = 1;
const DECAY = 0.9;

/** What the watch has seen; goes into the checkpoint. Nats a token. */
export interface LossRecord {
  first: number;
  smoothed: number;
}

/** Notices a loss that explodes: its exponential mean against that of the first step. */
export class LossWatch {
  constructor(private seen?: LossRecord) {}

  add(loss: number): void {
    const { first, smoothed } = this.seen ?? { first: loss, smoothed: loss };
    this.seen = { first, smoothed: DECAY * smoothed + (1 - DECAY) * loss };
  }

  get record(): LossRecord | undefined {
    return this.seen;
  }

  get exploded(): boolean {
    return this.seen !== undefined && this.seen.smoothed > this.limit;
  }

  /** Far enough from exploding that the weights are worth keeping. */
  get healthy(): boolean {
    return this.seen === undefined || this.seen.smoothed <= this.limit / 2;
  }

  private get limit(): number {
    return Math.max(LIMIT * (this.seen?.first ?? 0), FLOOR);
  }
}
