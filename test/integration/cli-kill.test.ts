import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import { readTrainingLog, type TrainingLogEntry } from "../../src/train/log";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

// The command as `npm run build` has made it: only a process of its own can be killed.
const BIN = join(__dirname, "../../bin/harmonic.js");
const KILL_AT = join(__dirname, "../support/kill-at.js");
const KILLS = 10;
const LONGEST_STEPS = 20;
/** Of a step of this model; so kills fall into steps, looks at the holdout and writes of checkpoints. */
const LONGEST_MS = 30;

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const table = join(root, "table.csv");
const SETTINGS = ["--epochs", "30", "--batch", "1", "--rank", "4", "--learning-rate", "0.01"];
const TRAIN = [...SETTINGS, "--validate-every", "7", "--threads", "1", "--quiet"];

/** A preprocessed folder of the table. */
async function folderOf(name: string): Promise<string> {
  const out = join(root, name);
  const argv = ["run", table, "--target", "y", "--base", base, "--out", out, "--k", "2", "--rows", "9"];
  // The whole run without training makes the splits; it is interrupted before its first step.
  const abort = new AbortController();
  await harmonic([...argv, ...TRAIN.filter((text) => text !== "--quiet")], {
    signal: abort.signal,
    onStderr: (text) => text.includes("train: ") && abort.abort(),
  });
  return out;
}

const train = (folder: string, checkpointEvery: number, kill?: string) =>
  spawnSync(
    process.execPath,
    [
      ...(kill === undefined ? [] : ["-r", KILL_AT]),
      ...[BIN, "train", folder, ...TRAIN, "--checkpoint-every", String(checkpointEvery)],
    ],
    { encoding: "utf8", env: { ...process.env, HARMONIC_TEST_KILL: kill } },
  );

const plain = (entries: TrainingLogEntry[]) => entries.map(({ tokensPerSecond: _, ...rest }) => rest);

it(`gives the same adapter, byte for byte, after ${KILLS} kills at any moment`, async () => {
  writeTinyGguf(base);
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(table, `a,b,y\n${rows.join("")}`);
  const whole = await folderOf("whole");
  expect(train(whole, 30)).toMatchObject({ status: 0, stderr: "" });
  const expected = await readTrainingLog(join(whole, "training.jsonl"));
  // No start may come to the end of training before it is killed.
  expect(expected.length).toBeGreaterThan((KILLS + 2) * LONGEST_STEPS);

  const killed = await folderOf("killed");
  const random = new Random("kill");
  const stepsDone: number[] = [];
  for (let i = 0; i < KILLS; i++) {
    // Half of the starts keep a checkpoint of every step, the others may lose what they have done.
    const every = i % 2 === 0 ? 0 : 0.05;
    const moment = `${1 + random.nextInt(LONGEST_STEPS)},${random.nextInt(LONGEST_MS)}`;
    expect(train(killed, every, moment)).toMatchObject({ signal: "SIGKILL", stderr: "" });
    expect(existsSync(join(killed, "adapter.gguf"))).toBe(false);
    stepsDone.push((await readTrainingLog(join(killed, "training.jsonl"))).length);
  }
  expect(stepsDone.at(-1)).toBeGreaterThan(stepsDone[0]!);
  expect(train(killed, 30)).toMatchObject({ status: 0, stderr: "" });

  const adapter = (folder: string): Buffer => readFileSync(join(folder, "adapter.gguf"));
  expect(adapter(killed).equals(adapter(whole))).toBe(true);
  expect(plain(await readTrainingLog(join(killed, "training.jsonl")))).toEqual(plain(expected));
  expect(readdirSync(killed).filter((name) => /checkpoint|partial/.test(name))).toEqual([]);
}, 300_000);
