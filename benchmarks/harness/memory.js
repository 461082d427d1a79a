// Loaded before a command (node -r): tells its resident memory, in MB, in the last line of its standard output: the
// largest, and what it was second by second.
const { setInterval } = require("node:timers");

const EVERY_MS = 1000;
const MB = 2 ** 20;

const memory = [];
setInterval(() => memory.push(process.memoryUsage.rss() / MB), EVERY_MS).unref();
process.on("exit", () => {
  const peakMemory = process.resourceUsage().maxRSS / 1024;
  require("node:fs").writeSync(1, `\n${JSON.stringify({ peakMemory, memory })}\n`);
});
