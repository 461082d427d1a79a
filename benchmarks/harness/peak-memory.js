// Loaded before a command (node -r): tells its largest resident memory, in MB, in the last line of its standard output.
process.on("exit", () => {
  const peakMemory = process.resourceUsage().maxRSS / 1024;
  require("node:fs").writeSync(1, `\n${JSON.stringify({ peakMemory })}\n`);
});
