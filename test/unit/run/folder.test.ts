import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunFolder } from "../../../src/run/folder";
import { newRunFile, type RunFile } from "../../../src/run/run-file";
import { temporaryFolder } from "../../support/temporary";

const root = temporaryFolder();
let count = 0;
const newDirectory = () => join(root, `run-${count++}`);
const fresh = (parts: Partial<RunFile> = {}): RunFile =>
  newRunFile({
    name: "t",
    inputs: { table: { name: "t.csv", sha256: "1" } },
    seed: 0,
    versions: {},
    settings: { train: { epochs: 1 } },
    ...parts,
  });

async function make(directory: string, parts: Partial<RunFile> = {}): Promise<RunFolder> {
  return RunFolder.create(directory, fresh(parts));
}

describe("RunFolder", () => {
  it("remembers which stages are done", async () => {
    const directory = newDirectory();
    const first = await make(directory);
    await first.begin("split", { test: 0.2 });
    expect(first.isDone("split")).toBe(false);
    writeFileSync(first.path("train.csv"), "a\n1\n");
    await first.finish("split", ["train.csv"], { train: 1 });
    await first.close();

    const second = await make(directory);
    expect(second.isDone("split")).toBe(true);
    expect(second.run.stages.split?.result).toEqual({ train: 1 });
    expect(second.isDone("train")).toBe(false);
    await second.close();
  });

  it("does a stage again whose output is gone", async () => {
    const folder = await make(newDirectory());
    writeFileSync(folder.path("train.csv"), "a\n1\n");
    await folder.begin("split", {});
    await folder.finish("split", ["train.csv"]);
    expect(folder.isDone("split")).toBe(true);
    rmSync(folder.path("train.csv"));
    expect(folder.isDone("split")).toBe(false);
    await folder.close();
  });

  it("forgets the stages after one that is begun again", async () => {
    const folder = await make(newDirectory());
    for (const stage of ["split", "preprocess", "train"] as const) {
      await folder.begin(stage, {});
      await folder.finish(stage, []);
    }
    await folder.begin("preprocess", {});
    expect(Object.keys(folder.run.stages)).toEqual(["split", "preprocess"]);
    expect(folder.isDone("train")).toBe(false);
    await folder.close();
  });

  it("refuses another run and names the difference", async () => {
    const directory = newDirectory();
    await (await make(directory)).close();
    const before = readFileSync(join(directory, "run.json"), "utf8");
    await expect(make(directory, { seed: 4 })).rejects.toMatchObject({
      code: "E_RUN",
      message: `${directory} holds another run: \`seed\` is 0 there but 4 here`,
      hint: expect.stringContaining("--out"),
    });
    await expect(make(directory, { settings: { train: { epochs: 9 } } })).rejects.toMatchObject({
      message: expect.stringContaining("`train.epochs` is 1 there but 9 here"),
    });
    expect(readFileSync(join(directory, "run.json"), "utf8")).toBe(before);
    await (await make(directory)).close(); // the lock is free again
  });

  it("lets a stage that was not begun have other settings, and no other", async () => {
    const folder = await make(newDirectory());
    await folder.begin("train", { epochs: 5 });
    expect(folder.run.settings.train).toEqual({ epochs: 5 });
    await folder.begin("train", { epochs: 5 });
    await expect(folder.begin("train", { epochs: 6 })).rejects.toMatchObject({
      message: expect.stringContaining("`train.epochs` is 5 there but 6 here"),
    });
    await folder.close();
  });

  it("refuses a folder of other files, but not an empty one", async () => {
    const directory = newDirectory();
    mkdirSync(directory);
    await (await make(directory)).close();
    const other = newDirectory();
    mkdirSync(other);
    writeFileSync(join(other, "thesis.tex"), "");
    await expect(make(other)).rejects.toMatchObject({
      code: "E_RUN",
      message: `${other} is not empty and holds no run: found thesis.tex`,
    });
  });

  it("refuses a folder that another process uses, and takes over from one that is gone", async () => {
    const directory = newDirectory();
    await (await make(directory)).close();
    writeFileSync(join(directory, ".lock"), `${process.ppid}\n`);
    await expect(RunFolder.open(directory)).rejects.toMatchObject({
      code: "E_RUN",
      message: `${directory} is in use by process ${process.ppid}`,
    });
    writeFileSync(join(directory, ".lock"), "999999999\n");
    const first = await RunFolder.open(directory);
    await expect(RunFolder.open(directory)).rejects.toMatchObject({ code: "E_RUN" });
    await first.close();
    await (await RunFolder.open(directory)).close();
    expect(existsSync(join(directory, ".lock"))).toBe(false);
  });

  it("says that a folder is no run", async () => {
    await expect(RunFolder.open(root)).rejects.toMatchObject({
      code: "E_RUN",
      message: `${root} is no run folder: expected run.json in it`,
    });
  });

  it.each([
    ["{", "cannot be read"],
    ['{"format": 99}', "is not of this version: `format`"],
  ])("refuses a run.json of %s", async (text, message) => {
    const directory = newDirectory();
    mkdirSync(directory);
    writeFileSync(join(directory, "run.json"), text);
    await expect(RunFolder.open(directory)).rejects.toMatchObject({
      code: "E_RUN",
      message: expect.stringContaining(message),
    });
  });
});
