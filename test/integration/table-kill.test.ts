import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import { harmonic } from "../support/cli";
import { writeOrders } from "../support/orders";
import { temporaryFolder } from "../support/temporary";

// The command as `npm run build` has made it: only a process of its own can be killed.
const BIN = join(__dirname, "../../bin/harmonic.js");
const KILL_AT = join(__dirname, "../support/kill-at.js");
const KILLS = 4;
const root = temporaryFolder();
const table = join(root, "orders.csv");
const SHAPE = ["--layers", "2", "--width", "32", "--heads", "2", "--batch", "8", "--threads", "1"];
// Everything that a checkpoint has to hold: averages, masks, orders, the best validation.
const TRAIN = [
  ...["--base", "table", "--epochs", "16", ...SHAPE, "--dropout", "0.1", "--permute", "0.5", "--quiet"],
  ...["--smoothing", "0.1", "--averaging", "0.9", "--validation", "0.1", "--validate-every", "7"],
];

const command = (argv: string[], kill?: string) =>
  spawnSync(process.execPath, [...(kill === undefined ? [] : ["-r", KILL_AT]), BIN, ...argv], {
    encoding: "utf8",
    env: { ...process.env, HARMONIC_TEST_KILL: kill },
  });

async function folderOf(name: string): Promise<string> {
  const out = join(root, name);
  const made = await harmonic(["preprocess", table, "--target", "country", "--k", "0", "--out", out]);
  expect(made).toMatchObject({ code: 0 });
  return out;
}

it(`gives the same model and the same rows, byte for byte, after kills of each`, async () => {
  writeOrders(table, 120);
  const [whole, killed] = [await folderOf("whole"), await folderOf("killed")];
  const train = (folder: string, every: string, kill?: string) =>
    command(["train", folder, ...TRAIN, "--checkpoint-every", every], kill);
  expect(train(whole, "30")).toMatchObject({ status: 0, stderr: "" });
  const random = new Random("kill table");
  for (let i = 0; i < KILLS; i++) {
    const moment = `${1 + random.nextInt(30)},${random.nextInt(10)}`;
    expect(train(killed, i % 2 === 0 ? "0" : "0.05", moment)).toMatchObject({
      signal: "SIGKILL",
      stderr: "",
    });
    expect(existsSync(join(killed, "model.gguf"))).toBe(false);
  }
  expect(train(killed, "30")).toMatchObject({ status: 0, stderr: "" });
  const bytes = (folder: string, name: string): Buffer => readFileSync(join(folder, name));
  for (const name of ["model.gguf", "schema.json"]) {
    expect(bytes(killed, name).equals(bytes(whole, name))).toBe(true);
  }
  expect(readdirSync(killed).filter((name) => /checkpoint|partial/.test(name))).toEqual([]);

  const sample = (name: string, kill?: string) =>
    command(
      ["sample", whole, "--rows", "9000", "--out", join(root, name), "--threads", "1", "--quiet"],
      kill,
    );
  expect(sample("whole.csv")).toMatchObject({ status: 0 });
  // Of three groups: one kept, none more, one more.
  for (const moment of [2, 1, 3]) {
    expect(sample("killed.csv", `rename ${moment}`)).toMatchObject({ signal: "SIGKILL" });
    expect(existsSync(join(root, "killed.csv"))).toBe(false);
  }
  expect(sample("killed.csv")).toMatchObject({ status: 0 });
  expect(bytes(root, "killed.csv").equals(bytes(root, "whole.csv"))).toBe(true);
}, 300_000);
