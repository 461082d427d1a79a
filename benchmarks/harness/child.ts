/** What a trial's process is told, as JSON on its command line. */
export function trialArguments<T>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** Ends a trial: prints its values as the harness reads them, with the largest resident memory of this process in MB. */
export function report(values: Record<string, number[]>): void {
  const peak_memory = [process.resourceUsage().maxRSS / 1024];
  console.log(JSON.stringify({ ...values, peak_memory }));
}

/** The command of a trial that is a TypeScript file. */
export function nodeTrial(file: string, settings: object): string[] {
  return [process.execPath, "-r", require.resolve("../register.js"), file, JSON.stringify(settings)];
}
