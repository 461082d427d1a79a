/** What a trial's process is told, as JSON on its command line. */
export function trialArguments<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/**
 * Ends a trial: prints its values as the harness reads them, with the largest resident memory in MB: of this process, or
 * `peakMemory` where another one is measured.
 */
export function report(
  values: Record<string, number[]>,
  peakMemory = process.resourceUsage().maxRSS / 1024,
): void {
  console.log(JSON.stringify({ ...values, peak_memory: [peakMemory] }));
}

/** The command of a trial that is a TypeScript file. */
export function nodeTrial(file: string, settings: object): string[] {
  return [process.execPath, "-r", require.resolve("../register.js"), file, JSON.stringify(settings)];
}
