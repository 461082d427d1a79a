import type { GeneratorHandle } from "../native/addon";

/** Generators of one model, each of which draws one pass at a time. */
export class GeneratorPool {
  private readonly free: GeneratorHandle[];
  private readonly waiting: ((generator: GeneratorHandle) => void)[] = [];

  constructor(private readonly all: readonly GeneratorHandle[]) {
    this.free = [...all];
  }

  get size(): number {
    return this.all.length;
  }

  /** Waits for a generator that is free and keeps it until `use` has ended. */
  async with<T>(use: (generator: GeneratorHandle) => Promise<T>): Promise<T> {
    const generator =
      this.free.pop() ?? (await new Promise<GeneratorHandle>((resolve) => this.waiting.push(resolve)));
    try {
      return await use(generator);
    } finally {
      const next = this.waiting.shift();
      if (next) next(generator);
      else this.free.push(generator);
    }
  }

  /** Ends what is being drawn. */
  close(): void {
    for (const generator of this.all) generator.close();
  }
}
