// Loaded before a command (node -r): kills it as kill -9 does, from inside, so that the moment is one of its progress and
// not of the clock. HARMONIC_TEST_KILL is "STEPS,MS": so many milliseconds after that many steps are in training.jsonl.
const fs = require("node:fs/promises");
const { setTimeout } = require("node:timers");

const [steps, ms] = process.env.HARMONIC_TEST_KILL.split(",").map(Number);
const { appendFile } = fs;
let done = 0;
fs.appendFile = async (path, ...rest) => {
  await appendFile(path, ...rest);
  if (String(path).endsWith("training.jsonl") && ++done === steps) {
    setTimeout(() => process.kill(process.pid, "SIGKILL"), ms);
  }
};
