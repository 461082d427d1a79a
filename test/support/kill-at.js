// Loaded before a command (node -r): kills it as kill -9 does, from inside, so that the moment is one of its progress and
// not of the clock. HARMONIC_TEST_KILL is "STEPS,MS": so many milliseconds after that many steps are in training.jsonl; or
// "rename N": before or after one of the renames that give files their names, counted in begun and ended ones.
const fs = require("node:fs/promises");
const { setTimeout } = require("node:timers");

const told = process.env.HARMONIC_TEST_KILL;
const kill = () => process.kill(process.pid, "SIGKILL");
if (told.startsWith("rename ")) {
  const { rename } = fs;
  let moments = 0;
  const moment = () => ++moments === Number(told.slice(7)) && kill();
  fs.rename = async (...paths) => {
    moment();
    await rename(...paths);
    moment();
  };
} else {
  const [steps, ms] = told.split(",").map(Number);
  const { appendFile } = fs;
  let done = 0;
  fs.appendFile = async (path, ...rest) => {
    await appendFile(path, ...rest);
    if (String(path).endsWith("training.jsonl") && ++done === steps) setTimeout(kill, ms);
  };
}
