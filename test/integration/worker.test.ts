import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const release = join(__dirname, "../../build/Release");

/** Work for the addon that takes a while; each tells what came of it. */
const WORK = {
  "evaluates tokens": `async (model) => {
    const done = model.logProbabilities(new Int32Array(600).fill(7));
    busy();
    return "evaluated " + (await done).byteLength / 4 / model.info().nVocabulary;
  }`,
  "draws rows": `async (model) => {
    const automaton = {
      edgeOffsets: Int32Array.of(0, 2, 2), edgeTokens: Int32Array.of(30, 31), edgeNext: Int32Array.of(1, 1),
      edgeColumns: Int32Array.of(0, 0), edgeActions: Int32Array.of(0, 1), columnKinds: Int32Array.of(0),
    };
    const generator = await model.openGenerator({ automaton, nSequences: 8, nContext: 1000, threads: 1 });
    const prompts = Int32Array.from({ length: 8 * 900 }, (_, i) => 10 + ((i * 7 + Math.floor(i / 900)) % 200));
    const promptOffsets = Int32Array.from({ length: 9 }, (_, p) => p * 900);
    const seeds = new BigUint64Array(8);
    const done = generator.generate({ prompts, promptOffsets, rowsPerPrompt: 1, seeds, temperature: 1 });
    busy();
    return "drew " + new Int32Array((await done).columns[0]).length;
  }`,
};

/** A worker thread that ends, as told, while the addon works for it; then a second one that does the same work. */
const program = (work: string): string => `
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
const [path, release, end] = process.argv.slice(-3);
if (isMainThread) {
  const run = (end) => new Promise((resolve) => {
    const worker = new Worker(__filename, { argv: [path, release, end] });
    worker.on("message", (message) => {
      if (message === "busy" && end === "terminate") worker.terminate();
      if (message !== "busy") console.log(message);
    });
    worker.on("error", (error) => console.log(error.message));
    worker.on("exit", resolve);
  });
  run(end).then(() => run("none"));
} else {
  const addon = require(release + "/harmonic.node");
  addon.loadBackends(release);
  const busy = () => {
    parentPort.postMessage("busy");
    if (end === "throw") setImmediate(() => { throw new Error("crashed"); });
  };
  const work = ${work};
  addon.openModel({ path }).then(async (model) => {
    parentPort.postMessage(await work(model));
    model.close();
  });
}
`;

it.each([
  ["evaluates tokens", "terminate", "evaluated 600\n"],
  ["draws rows", "terminate", "drew 8\n"],
  ["draws rows", "throw", "crashed\ndrew 8\n"],
] as const)("survives the end of a worker thread while it %s for it (%s)", async (name, end, expected) => {
  const path = join(folder, "base.gguf");
  writeTinyGguf(path, { nLayers: 2, nEmbedding: 128, nFeedForward: 512 });
  const file = join(folder, "program.js");
  writeFileSync(file, program(WORK[name]));
  const { stdout } = await promisify(execFile)(process.execPath, [file, path, release, end]);
  expect(stdout).toBe(expected);
});
