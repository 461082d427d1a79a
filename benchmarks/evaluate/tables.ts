import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import { benchmarkCache } from "../harness/cache";

export interface TablePaths {
  train: string;
  holdout: string;
  synthetic: string;
}

/** Raised where the rows change, so that tables of before are not taken for them. */
const VERSION = 1;

/**
 * Tables of ten columns that depend on one another (five categories, three integers, two decimals), by seed: `real`
 * training rows, a quarter of them as holdout, and `synthetic` rows of a population that differs a little. CSV.
 */
export function evaluationTables(real: number, synthetic: number): TablePaths {
  const folder = benchmarkCache(`evaluate-${VERSION}`);
  mkdirSync(folder, { recursive: true });
  const table = (role: string, rows: number, seed: number, shift: number): string => {
    const path = join(folder, `${role}-${rows}.csv`);
    if (!existsSync(path)) {
      writeFileSync(`${path}.partial`, makeCsv(rows, seed, shift));
      renameSync(`${path}.partial`, path);
    }
    return path;
  };
  return {
    train: table("train", real, 1, 0),
    holdout: table("holdout", Math.floor(real / 4), 2, 0),
    synthetic: table("synthetic", synthetic, 3, 0.15),
  };
}

const NAMES = ["job", "town", "level", "plan", "age", "hours", "visits", "pay", "score", "label"];

function makeCsv(rows: number, seed: number, shift: number): string {
  const random = new Random(seed);
  const lines = [NAMES.join(",")];
  for (let row = 0; row < rows; row++) {
    const job = random.nextInt(8);
    const town = (job + random.nextInt(3)) % 5;
    const level = random.nextInt(3);
    const plan = random.nextFloat() < 0.3 + shift ? random.nextInt(4) : level;
    const age = 18 + random.nextInt(60);
    const hours = 10 + Math.floor(40 * random.nextFloat() * (1 - shift));
    const visits = Math.floor(-5 * Math.log(1 - random.nextFloat()));
    const pay = (1000 + 300 * level + 20 * age + 800 * random.nextFloat() * (1 + shift)).toFixed(2);
    const score = (random.nextFloat() + 0.05 * visits).toFixed(3);
    const label = random.nextFloat() < 0.2 + 0.2 * level + 0.004 * age ? "yes" : "no";
    lines.push(`j${job},t${town},l${level},p${plan},${age},${hours},${visits},${pay},${score},${label}`);
  }
  return `${lines.join("\n")}\n`;
}
