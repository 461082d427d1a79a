import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import type { KilledSampling } from "../support/sample-killed";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const REGISTER = join(__dirname, "../../benchmarks/register.js");
const CHILD = join(__dirname, "../support/sample-killed.ts");
const KILLS = 10;
/** Renames begun and ended before a kill: four groups of eight rows. */
const MOST_MOMENTS = 8;
const ROWS = 400;

const root = temporaryFolder();
const base = join(root, "tiny.gguf");

function commandOf(name: string, killAt?: KilledSampling["killAt"]): string[] {
  const parts = join(root, `.${name}-parts`);
  const options: KilledSampling = {
    base,
    out: join(root, name),
    parts,
    rows: ROWS,
    ...(killAt && { killAt }),
  };
  return ["-r", REGISTER, CHILD, JSON.stringify(options)];
}

const sampling = (name: string, killAt?: KilledSampling["killAt"]) =>
  spawnSync(process.execPath, commandOf(name, killAt), { encoding: "utf8" });

beforeAll(() => writeTinyGguf(base));

it.each(["csv", "parquet"])(
  `gives the same %s, byte for byte, after ${KILLS} kills at any moment`,
  (format) => {
    const [whole, killed] = [`whole.${format}`, `killed.${format}`];
    expect(sampling(whole)).toMatchObject({ status: 0, stderr: "" });
    const random = new Random(`kill ${format}`);
    for (let i = 0; i < KILLS - 1; i++) {
      const killAt = 1 + random.nextInt(MOST_MOMENTS);
      expect(sampling(killed, killAt)).toMatchObject({ signal: "SIGKILL", stderr: "" });
      expect(existsSync(join(root, killed))).toBe(false);
    }
    expect(sampling(killed, "out")).toMatchObject({ signal: "SIGKILL", stderr: "" });
    const last = sampling(killed);
    expect(last).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(last.stdout)).toMatchObject({ rows: ROWS, drawn: 0 });
    expect(readFileSync(join(root, killed)).equals(readFileSync(join(root, whole)))).toBe(true);
    expect(readdirSync(root).filter((name) => name.includes(killed))).toEqual([killed]);
  },
  300_000,
);

it("keeps the rows drawn where the disk has no room for the file, and goes on from them", () => {
  expect(sampling("roomy.csv")).toMatchObject({ status: 0 });
  // Blocks of 1024 bytes: a group of rows is smaller, all rows are not.
  const limited = ["-c", 'ulimit -f 6; exec "$@"', "bash", process.execPath, ...commandOf("full.csv")];
  const full = spawnSync("bash", limited, { encoding: "utf8" });
  expect(full.status).toBe(1);
  expect(full.stderr).toMatch(/full\.csv: the file grew larger than is allowed/);
  expect(existsSync(join(root, "full.csv"))).toBe(false);
  const again = sampling("full.csv");
  expect(again).toMatchObject({ status: 0, stderr: "" });
  expect((JSON.parse(again.stdout) as { drawn: number }).drawn).toBeLessThan(ROWS);
  expect(readFileSync(join(root, "full.csv")).equals(readFileSync(join(root, "roomy.csv")))).toBe(true);
}, 60_000);
