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

function sampling(name: string, killAt?: KilledSampling["killAt"]) {
  const parts = join(root, `.${name}-parts`);
  const options: KilledSampling = {
    base,
    out: join(root, name),
    parts,
    rows: ROWS,
    ...(killAt && { killAt }),
  };
  return spawnSync(process.execPath, ["-r", REGISTER, CHILD, JSON.stringify(options)], { encoding: "utf8" });
}

it.each(["csv", "parquet"])(
  `gives the same %s, byte for byte, after ${KILLS} kills at any moment`,
  (format) => {
    writeTinyGguf(base);
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
