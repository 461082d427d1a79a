import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const release = join(__dirname, "../../build/Release");

/** Ends a worker thread while the addon evaluates tokens in it, then does the same work in a second one. */
const PROGRAM = `
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
const [path, release] = process.argv.slice(-2);
if (isMainThread) {
  const run = (terminate) => new Promise((resolve) => {
    const worker = new Worker(__filename, { argv: [path, release] });
    worker.on("message", (message) => {
      if (message === "busy" && terminate) worker.terminate();
      if (message !== "busy") console.log(message);
    });
    worker.on("exit", resolve);
  });
  run(true).then(() => run(false));
} else {
  const addon = require(release + "/harmonic.node");
  addon.loadBackends(release);
  addon.openModel({ path }).then(async (model) => {
    const done = model.logProbabilities(new Int32Array(600).fill(7));
    parentPort.postMessage("busy");
    parentPort.postMessage("evaluated " + (await done).byteLength / 4 / model.info().nVocabulary);
    model.close();
  });
}
`;

it("survives the end of a worker thread while it works for it", async () => {
  const path = join(folder, "base.gguf");
  writeTinyGguf(path, { nLayers: 2, nEmbedding: 128, nFeedForward: 512 });
  const program = join(folder, "program.js");
  writeFileSync(program, PROGRAM);
  const { stdout } = await promisify(execFile)(process.execPath, [program, path, release]);
  expect(stdout.trim()).toBe("evaluated 600");
});
