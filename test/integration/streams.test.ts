import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { tableFromIPC } from "apache-arrow";
import { RowIndex } from "../../src/evaluate/row-index";
import { fitEncoding } from "../../src/encode/encoding";
import { loadAddon } from "../../src/native/load";
import { findNeighbors } from "../../src/neighbors/find";
import { parseShard } from "../../src/sample/groups";
import { sampleToFile, type SampleToFileOptions } from "../../src/sample/sample";
import { rowCount, selectRows, type Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { mergeParts } from "../../src/table/merge";
import { readTable } from "../../src/table/read";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
/** Two thirds of the rows that there can be: a third is new. */
const columns = selectRows(
  allSmallRows(),
  Array.from({ length: 240 }, (_, i) => i).filter((i) => i % 3 !== 1),
);
let neighbors: Int32Array;

beforeAll(async () => {
  writeTinyGguf(base);
  neighbors = await findNeighbors(columns, smallSchema, { k: 2 });
});

function options(
  name: string,
  settings: Partial<SampleToFileOptions["settings"]> = {},
  more: Partial<SampleToFileOptions> = {},
): SampleToFileOptions {
  return {
    ...{ schema: smallSchema, columns, format: "compact", description: "people", k: 2, neighbors, base },
    settings: { rows: 70, nSequences: 8, groupRows: 8, seed: 1, threads: 1, ...settings },
    ...{ parts: join(folder, `.${name}-parts`), identity: "one", out: join(folder, name) },
    ...more,
  };
}

async function rowsIn(path: string): Promise<Column[]> {
  return toColumns(await readTable(path), smallSchema);
}

describe("shards", () => {
  it.each(["csv", "jsonl", "parquet", "arrow"])(
    "four joined are the %s of one run, byte for byte",
    async (format) => {
      const whole = options(`whole.${format}`);
      const { redraws } = await sampleToFile(whole);
      expect(redraws.copies).toBeGreaterThan(0);
      const shards = ["1/4", "2/4", "3/4", "4/4"].map((text) => {
        const name = `${text[0]}-of-4.${format}`;
        return options(name, {}, { shard: parseShard(text) });
      });
      let rows = 0;
      for (const shard of shards) rows += (await sampleToFile(shard)).rows;
      expect(rows).toBe(70);
      const out = join(folder, `merged.${format}`);
      await mergeParts({ parts: shards.map((shard) => shard.out), out });
      expect(readFileSync(out).equals(readFileSync(whole.out))).toBe(true);
      expect(rowCount(await rowsIn(out))).toBe(70);
    },
  );

  it("that do not belong together are refused", async () => {
    const [a, b] = [options("a.csv", { rows: 8 }), options("b.jsonl", { rows: 8 })];
    await sampleToFile(a);
    await sampleToFile(b);
    const merging = mergeParts({ parts: [a.out, b.out], out: join(folder, "both.csv") });
    await expect(merging).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("b.jsonl"),
    });
    const other = mergeParts({
      parts: [a.out, base.replace("base.gguf", "none.csv")],
      out: join(folder, "c.csv"),
    });
    await expect(other).rejects.toMatchObject({ code: "E_IO", message: expect.stringContaining("none.csv") });
    expect(() => parseShard("5/4")).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

describe("a folder", () => {
  const inFolder = (name: string, more: Partial<SampleToFileOptions> = {}) => {
    const out = join(folder, name);
    return options(
      name,
      {},
      { out, parts: join(out, ".parts"), isFolder: true, fileRows: 30, outFormat: "csv", ...more },
    );
  };

  it("holds finished files that join to the file of one run", async () => {
    const whole = options("one.csv");
    await sampleToFile(whole);
    const parts = inFolder("many");
    await sampleToFile(parts);
    expect(readdirSync(parts.out)).toEqual(["part-00000.csv", "part-00001.csv", "part-00002.csv"]);
    expect(rowCount(await rowsIn(join(parts.out, "part-00000.csv")))).toBe(24);
    const out = join(folder, "joined.csv");
    await mergeParts({ parts: [parts.out], out });
    expect(readFileSync(out).equals(readFileSync(whole.out))).toBe(true);
    await expect(sampleToFile(inFolder("many", { fileRows: 70 }))).rejects.toMatchObject({ code: "E_RUN" });
  });

  it("goes on with the file that it was ended in", async () => {
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => done >= 40 && controller.abort();
    const ended = inFolder("ended", { signal: controller.signal, onProgress });
    await expect(sampleToFile(ended)).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(readdirSync(ended.out).filter((name) => !name.startsWith("."))).toEqual(["part-00000.csv"]);
    const { drawn, rows, redraws } = await sampleToFile(inFolder("ended"));
    expect(rows).toBe(70);
    expect(drawn).toBeLessThanOrEqual(38);
    const again = inFolder("again");
    expect((await sampleToFile(again)).redraws).toEqual(redraws);
    for (const name of readdirSync(again.out)) {
      expect(readFileSync(join(ended.out, name)).equals(readFileSync(join(again.out, name)))).toBe(true);
    }
  });

  it("takes the files of all shards", async () => {
    mkdirSync(join(folder, "shared"));
    for (const text of ["1/2", "2/2"]) {
      const parts = join(folder, "shared", `.parts-${text[0]}`);
      await sampleToFile(inFolder("shared", { shard: parseShard(text), parts }));
    }
    const out = join(folder, "shared.csv");
    await mergeParts({ parts: [join(folder, "shared")], out });
    expect(readFileSync(out).equals(readFileSync(join(folder, "one.csv")))).toBe(true);
  });
});

describe("the privacy gate", () => {
  it("lets no row trained on through, unless copies are allowed", async () => {
    const trained = new RowIndex(columns);
    const copiesIn = (rows: Column[]) =>
      Array.from({ length: rowCount(rows) }, (_, i) => i).filter((i) => trained.has(rows, i));
    const gated = options("gated.csv");
    const { redraws } = await sampleToFile(gated);
    expect(copiesIn(await rowsIn(gated.out))).toEqual([]);
    expect(redraws.copies).toBeGreaterThan(0);
    const open = options("open.csv", { allowCopies: true });
    expect((await sampleToFile(open)).redraws).toEqual({ copies: 0, near: 0, failed: 0 });
    expect(copiesIn(await rowsIn(open.out)).length).toBeGreaterThan(0);
  });

  it("keeps copies by default where the table repeats itself, and says so", async () => {
    const n = rowCount(columns);
    const twice = selectRows(
      columns,
      Array.from({ length: 2 * n }, (_, i) => i % n),
    );
    const repeating = options("twice.csv", { prompt: "random" }, { columns: twice });
    const { redraws, warnings } = await sampleToFile(repeating);
    expect(redraws.copies).toBe(0);
    expect(warnings).toEqual([
      expect.stringContaining("are kept: 50 % of the table's rows repeat another one"),
    ]);
  });

  it("keeps rows at the least distance asked for", async () => {
    const far = options(
      "far.csv",
      { minDistance: 0.3, explain: true },
      { explainOut: join(folder, "far.jsonl") },
    );
    const { redraws } = await sampleToFile(far);
    expect(redraws.near).toBeGreaterThan(0);
    const encoding = fitEncoding(columns, smallSchema);
    const [points, queries] = [encoding.encode(columns).data, encoding.encode(await rowsIn(far.out)).data];
    const found = await loadAddon().nearestNeighbors({ points, queries, d: encoding.d, k: 1, threads: 1 });
    const distances = new Float32Array(found.distances).map(Math.sqrt);
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(0.3);
    const lines = readFileSync(join(folder, "far.jsonl"), "utf8").trim().split("\n");
    const told = lines.map((line) => JSON.parse(line) as { row: number; distance: number; redraws: number });
    expect(told.map(({ row }) => row)).toEqual(Array.from({ length: 70 }, (_, i) => i + 1));
    told.forEach(({ distance }, i) => expect(distance).toBeCloseTo(distances[i]!, 5));
    expect(told.reduce((sum, each) => sum + each.redraws, 0)).toBe(
      redraws.copies + redraws.near + redraws.failed,
    );
  });

  it("stops with the figures where no row may stand, keeps what is finished, and goes on with more attempts", async () => {
    const impossible = options("impossible.csv", { minDistance: 50, attempts: 2 });
    const error = await sampleToFile(impossible).catch(
      (thrown: unknown) => thrown as Error & { code: string },
    );
    expect(error).toMatchObject({ code: "E_MODEL" });
    expect((error as Error).message).toMatch(
      /^no row 1 that may stand: of 16 draws for 8 rows .*are nearer to one than allowed$/,
    );
    expect(existsSync(impossible.out)).toBe(false);

    // One attempt fails sooner or later; as many as it takes gives what it would have given at once.
    const strict = options("strict.csv", { attempts: 1 });
    await expect(sampleToFile(strict)).rejects.toMatchObject({ code: "E_MODEL" });
    const { redraws } = await sampleToFile(options("strict.csv"));
    const whole = options("strict-whole.csv");
    expect((await sampleToFile(whole)).redraws).toEqual(redraws);
    expect(readFileSync(strict.out).equals(readFileSync(whole.out))).toBe(true);
  });
});

describe("control of the draws", () => {
  it("takes a temperature for one column", async () => {
    const cold = options("cold.csv", { prompt: "none", allowCopies: true, temperatures: { sex: 0 } });
    await sampleToFile(cold);
    const [sex, age] = await rowsIn(cold.out);
    expect(new Set((sex as { codes: Int32Array }).codes).size).toBe(1);
    expect(new Set((age as { scaled: Float64Array }).scaled).size).toBeGreaterThan(1);
    await expect(sampleToFile(options("x.csv", { temperatures: { sx: 1 } }))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining('"sx"') as string,
    });
  });

  it("takes top-p and min-p, which leave the likeliest at their ends", async () => {
    const likeliest = options("t0.csv", { temperature: 0, prompt: "none", allowCopies: true });
    await sampleToFile(likeliest);
    for (const settings of [{ topP: 1e-9 }, { minP: 1 }]) {
      const cut = options("cut.csv", { ...settings, prompt: "none", allowCopies: true });
      await sampleToFile(cut);
      expect(readFileSync(cut.out).equals(readFileSync(likeliest.out))).toBe(true);
    }
  });
});

describe("a pipe", () => {
  it("that closes leaves rows to go on from", async () => {
    const piped = (stdout: PassThrough) =>
      options("-", {}, { out: "-", parts: join(folder, ".piped"), stdout });
    const closed = new PassThrough({ highWaterMark: 64 });
    closed.once("data", () => closed.destroy(Object.assign(new Error("closed"), { code: "EPIPE" })));
    await expect(sampleToFile(piped(closed))).rejects.toMatchObject({ code: "E_IO" });
    expect(
      readdirSync(join(folder, ".piped")).filter((name) => name.endsWith(".arrow")).length,
    ).toBeGreaterThan(0);

    const whole = new PassThrough();
    const pieces: Buffer[] = [];
    whole.on("data", (piece: Buffer) => pieces.push(piece));
    const { drawn } = await sampleToFile(piped(whole));
    expect(drawn).toBeLessThan(70);
    expect(tableFromIPC(Buffer.concat(pieces)).numRows).toBe(70);
    expect(existsSync(join(folder, ".piped"))).toBe(false);
  });
});
