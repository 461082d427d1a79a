import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { RecordBatch } from "apache-arrow";
import { findNeighbors } from "../../src/neighbors/find";
import { sample, sampleToFile, type SampleToFileOptions } from "../../src/sample/sample";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const columns = allSmallRows();
let neighbors: Int32Array;

beforeAll(async () => {
  writeTinyGguf(base);
  neighbors = await findNeighbors(columns, smallSchema, { k: 3 });
});

function options(name: string, settings: Partial<SampleToFileOptions["settings"]> = {}): SampleToFileOptions {
  return {
    schema: smallSchema,
    columns,
    format: "compact",
    description: "people",
    k: 3,
    neighbors,
    base,
    // The table holds every row that may be, so that all rows are copies.
    settings: {
      ...{ rows: 50, nSequences: 8, groupRows: 8, seed: 1, threads: 1, allowCopies: true },
      ...settings,
    },
    parts: join(folder, `${name}-parts`),
    identity: "one",
    out: join(folder, `${name}.csv`),
  };
}

async function rowsOf(batches: AsyncIterable<RecordBatch>): Promise<{ rows: unknown[]; sizes: number[] }> {
  const rows: unknown[] = [];
  const sizes: number[] = [];
  for await (const batch of batches) {
    sizes.push(batch.numRows);
    for (let i = 0; i < batch.numRows; i++) rows.push(batch.get(i)!.toJSON());
  }
  return { rows, sizes };
}

describe("sample", () => {
  it("yields valid rows as record batches, exactly as many as asked for", async () => {
    const { rows, sizes } = await rowsOf(sample(options("plain")));
    expect(sizes).toEqual([8, 8, 8, 8, 8, 8, 2]);
    for (const row of rows as Record<string, string | number | null>[]) {
      expect(["female", "male"]).toContain(row.sex);
      expect([null, 8, 9, 10, 11, 12]).toContain(row.age);
      expect([-0.1, 0, 0.1, 0.2]).toContain(row.change);
      expect([null, "a|b", "mal", "malé\n", "missing"]).toContain(row.note);
      expect(row.unit).toBe("only");
    }
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBeGreaterThan(20);
  });

  it.each(["compact", "dict", "text"] as const)(
    "depends on the seed alone in the %s format",
    async (format) => {
      const draw = (seed: number) => rowsOf(sample({ ...options("seed", { seed, rows: 20 }), format }));
      const first = await draw(3);
      expect(await draw(3)).toEqual(first);
      expect(await draw(4)).not.toEqual(first);
    },
  );

  it.each<Partial<SampleToFileOptions["settings"]>>([
    { prompt: "random" },
    { prompt: "none" },
    { rowsPerPrompt: 3 },
    { rowsPerPrompt: 8, prompt: "none", temperature: 0.5 },
  ])("takes the settings %j", async (settings) => {
    const { rows } = await rowsOf(sample(options("settings", settings)));
    expect(rows).toHaveLength(50);
  });

  it("gives the same rows whatever is drawn behind them", async () => {
    const long = await rowsOf(sample(options("long", { rows: 40 })));
    const short = await rowsOf(sample(options("short", { rows: 24 })));
    expect(long.rows.slice(0, 24)).toEqual(short.rows);
  });

  it("chooses how many rows to decode at once by itself", async () => {
    const { rows } = await rowsOf(sample(options("auto", { rows: 70, nSequences: undefined })));
    expect(rows).toHaveLength(70);
  });

  it("ends where the caller stops", async () => {
    for await (const batch of sample(options("stop"))) {
      expect(batch.numRows).toBe(8);
      break;
    }
  });

  it("ends early by a signal", async () => {
    const controller = new AbortController();
    const drawing = rowsOf(
      sample({
        ...options("signal", { rows: 5000 }),
        signal: controller.signal,
        onProgress: ({ done }) => done > 8 && controller.abort(),
      }),
    );
    await expect(drawing).rejects.toMatchObject({ code: "E_ABORTED" });
  });

  it.each<[Partial<SampleToFileOptions["settings"]>, RegExp]>([
    [{ rows: 0 }, /`rows`.*>=1/],
    [{ rows: 1.5 }, /`rows`.*int/],
    [{ temperature: -1 }, /`temperature`/],
    [{ nSequences: 5000 }, /`nSequences`/],
  ])("refuses %j", async (settings, message) => {
    await expect(rowsOf(sample(options("wrong", settings)))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(message),
    });
  });
});

describe("sampleToFile", () => {
  it("goes on where it was ended, with the same bytes", async () => {
    const whole = options("whole");
    expect(await sampleToFile(whole)).toMatchObject({ rows: 50, drawn: 50 });
    expect(existsSync(whole.parts)).toBe(false);

    const controller = new AbortController();
    const ended = {
      ...options("ended"),
      signal: controller.signal,
      onProgress: ({ done }: { done: number }) => done >= 32 && controller.abort(),
    };
    await expect(sampleToFile(ended)).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(existsSync(ended.out)).toBe(false);
    const parts = readdirSync(ended.parts).filter((name) => name.endsWith(".arrow"));
    expect(parts.length).toBeGreaterThanOrEqual(3);
    // As after a power cut: the last part is not whole.
    truncateSync(join(ended.parts, parts.sort().at(-1)!), 100);

    const result = await sampleToFile(options("ended"));
    expect(result.drawn).toBeLessThan(50);
    expect(readFileSync(ended.out)).toEqual(readFileSync(whole.out));
  });

  it("does not mix parts of another sampling", async () => {
    const controller = new AbortController();
    const ended = {
      ...options("mixed"),
      signal: controller.signal,
      onProgress: ({ done }: { done: number }) => done === 16 && controller.abort(),
    };
    await expect(sampleToFile(ended)).rejects.toMatchObject({ code: "E_ABORTED" });
    const other = { ...options("mixed"), identity: "another adapter" };
    expect(await sampleToFile(other)).toMatchObject({ drawn: 50 });
  });
});
