import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

// What only a process of its own can show; the command as `npm run build` has made it.
const BIN = join(__dirname, "../../bin/harmonic.js");
const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const table = join(root, "table.csv");
const run = (out: string, ...more: string[]) => [
  ...[BIN, "run", table, "--target", "y", "--base", base, "--out", join(root, out), "--rows", "30"],
  ...["--epochs", "40", "--rank", "4", "--k", "2", "--threads", "1", ...more],
];
/** A shell command line with the limits or pipes of a shell. */
const shell = (line: string) => spawnSync("bash", ["-c", line], { encoding: "utf8", cwd: root });

beforeAll(() => {
  writeTinyGguf(base);
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(table, `a,b,y\n${rows.join("")}`);
});

describe("the command as a process", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends at %s with 130 and can go on", async (name) => {
    const child = spawn(process.execPath, run(name), { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      // Once: a second signal ends it at once.
      if (!child.killed && text.includes("train: ")) child.kill(name);
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(stderr).toContain("error: training was interrupted\nhint: run the same command again");
    expect(code).toBe(130);
    expect(existsSync(join(root, name, "adapter.gguf"))).toBe(false);

    const again = spawnSync(process.execPath, run(name, "--quiet"), { encoding: "utf8" });
    expect(again).toMatchObject({ status: 0, stderr: "" });
    expect(
      readFileSync(join(root, name, "synthetic.csv"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(31);
  });

  it("ends at SIGINT while it draws rows, keeps those that it has and goes on from them", async () => {
    const drawn = (out: string, ...more: string[]) => [
      ...[BIN, "sample", join(root, "SIGINT"), "--rows", "4000", "--threads", "1"],
      ...["--allow-copies", "--out", join(root, out), ...more],
    ];
    const child = spawn(process.execPath, drawn("cut.csv"), { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (!child.killed && text.includes("sample: ")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(stderr).toMatch(/error: .* was interrupted\nhint: run the same command again/);
    expect(code).toBe(130);
    expect(existsSync(join(root, "cut.csv"))).toBe(false);

    const again = spawnSync(process.execPath, drawn("cut.csv", "--quiet"), { encoding: "utf8" });
    expect(again).toMatchObject({ status: 0, stderr: "" });
    spawnSync(process.execPath, drawn("whole.csv", "--quiet"));
    expect(readFileSync(join(root, "cut.csv")).equals(readFileSync(join(root, "whole.csv")))).toBe(true);
  });

  it("is quiet where the reader of its output ends early", () => {
    const command = `"${process.execPath}" "${BIN}" sample SIGINT --rows 30 --out -`;
    const { stdout, stderr } = shell(`${command} | head -c 8 >first; echo "\${PIPESTATUS[0]}"`);
    expect(stderr).not.toMatch(/error|EPIPE|at /);
    expect(stdout).toBe("0\n");
  });

  it("says that a file may grow no more, keeps what was there and leaves nothing half", () => {
    const rows = join(root, "many.csv");
    // each twice and a few more, so that the texts are categories
    const texts = Array.from({ length: 10_000 }, (_, i) => `value number ${i % 4000} of the column,${i}\n`);
    const long = texts.join("");
    writeFileSync(rows, `text,y\n${long}`);
    const out = join(root, "schema.json");
    writeFileSync(out, "before");
    // Blocks of 1024 bytes: the schema, with 4000 values in an enum, is larger.
    const result = shell(`ulimit -f 16; "${process.execPath}" "${BIN}" schema "${rows}" --out "${out}"`);
    expect(result.stderr).toMatch(
      /^error: .*schema\.json: the file grew larger than is allowed\nhint: .*\n$/,
    );
    expect(result.status).toBe(1);
    expect(readFileSync(out, "utf8")).toBe("before");
    expect(readdirSync(root).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("prints the stack of an error only where it is asked for", () => {
    const line = `"${process.execPath}" "${BIN}" schema none.csv`;
    expect(shell(line).stderr).not.toContain("    at ");
    expect(shell(`HARMONIC_DEBUG=1 ${line}`).stderr).toContain("    at ");
  });
});
