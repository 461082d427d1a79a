import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, writeText } from "../../../src/run/atomic";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();

describe("replaceFile", () => {
  it("keeps the old file where writing fails, and leaves nothing else", async () => {
    const path = join(folder, "a.txt");
    await writeText(path, "old");
    const failing = replaceFile(path, (partial) => {
      writeFileSync(partial, "half of the n");
      return Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    });
    await expect(failing).rejects.toMatchObject({
      code: "E_IO",
      message: `${path}: the disk is full`,
      hint: expect.stringContaining("run the same command again"),
    });
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it("says where a file cannot be made", async () => {
    const path = join(folder, "nowhere", "b.txt");
    await expect(writeText(path, "")).rejects.toMatchObject({
      code: "E_IO",
      message: `${path}: no such file or folder`,
    });
  });

  it("refuses a full disk with one error", async () => {
    if (!existsSync("/dev/full")) return;
    await expect(
      replaceFile(join(folder, "c.txt"), () => Promise.resolve(writeFileSync("/dev/full", "x"))),
    ).rejects.toMatchObject({ code: "E_IO", message: expect.stringContaining("the disk is full") });
  });

  it("says that permission is denied", async () => {
    if (process.getuid?.() === 0) return; // root may write anywhere
    const locked = join(folder, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    await expect(writeText(join(locked, "d.txt"), "")).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining("permission denied"),
    });
  });
});
