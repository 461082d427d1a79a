import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { tableFromIPC, type RecordBatch } from "apache-arrow";
import { toRecordBatch } from "../../../src/table/batches";
import { columnsFromBatches } from "../../../src/table/from-batches";
import { selectRows } from "../../../src/table/columns";
import { toColumns } from "../../../src/table/convert";
import { inferSchema } from "../../../src/table/infer";
import { readTable } from "../../../src/table/read";
import { readArrow } from "../../../src/table/read-arrow";
import { writeTable } from "../../../src/table/write";
import { rowsOf, tableOf } from "../../support/table-source";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const mixed = join(__dirname, "..", "..", "fixtures", "mixed.csv");

async function load() {
  const table = await readTable(mixed);
  const schema = inferSchema(table, { target: "level" });
  const columns = toColumns(table, schema);
  async function* batches(): AsyncGenerator<RecordBatch> {
    for (let start = 0; start < table.nRows; start += 25) {
      const ids = Array.from({ length: Math.min(25, table.nRows - start) }, (_, i) => start + i);
      yield await Promise.resolve(toRecordBatch(selectRows(columns, ids), schema));
    }
  }
  return { table, schema, columns, batches };
}

describe("writeTable", () => {
  it("writes CSV that is the table read, byte for byte", async () => {
    const { schema, batches } = await load();
    const path = join(folder, "out.csv");
    await writeTable({ path }, batches(), schema);
    expect(readFileSync(path, "utf8")).toBe(readFileSync(mixed, "utf8"));
  });

  it.each(["jsonl", "parquet", "arrow", "tsv"])(
    "writes %s that reads back as the same values",
    async (extension) => {
      const { schema, columns, batches } = await load();
      const path = join(folder, `out.${extension}`);
      await writeTable({ path }, batches(), schema);
      const back = await readTable(path);
      expect(back.names).toEqual(schema.fields.map(({ name }) => name));
      const lowered = {
        ...back,
        columns: back.columns.map((c) =>
          c.name === "member"
            ? { ...c, texts: c.texts.map((t) => (t === "true" ? "True" : t === "false" ? "False" : t)) }
            : c,
        ),
      };
      expect(toColumns(lowered, schema)).toEqual(columns);
    },
  );

  it("writes an Arrow stream to standard output, dictionaries once", async () => {
    const { schema, columns, batches } = await load();
    const stdout = new PassThrough();
    const pieces: Buffer[] = [];
    stdout.on("data", (piece: Buffer) => pieces.push(piece));
    await writeTable({ path: "-", stdout }, batches(), schema);
    const bytes = Buffer.concat(pieces);
    expect(columnsFromBatches(tableFromIPC(bytes).batches, schema)).toEqual(columns);
    const again = new PassThrough();
    again.end(bytes);
    expect((await readArrow("standard input", again))[0]!.codes).toHaveLength(60);
  });

  it("writes typed Parquet and Arrow columns", async () => {
    const { schema, batches } = await load();
    const path = join(folder, "typed.arrow");
    await writeTable({ path }, batches(), schema);
    const types = tableFromIPC(readFileSync(path)).schema.fields.map((field) => [
      field.name,
      String(field.type),
    ]);
    expect(Object.fromEntries(types)).toMatchObject({
      age: "Int32",
      income: "Float64",
      code: "Dictionary<Int32, Utf8>",
    });
  });

  it("tells a missing cell of a lone column from a blank line", async () => {
    const table = tableOf(["x"], [["a"], [null], ["b"]]);
    const schema = inferSchema(table);
    const path = join(folder, "lone.csv");
    async function* batches() {
      yield await Promise.resolve(toRecordBatch(toColumns(table, schema), schema));
    }
    await writeTable({ path }, batches(), schema);
    expect(rowsOf(await readTable(path))).toEqual([["a"], [null], ["b"]]);
  });

  it.each(["csv", "parquet", "arrow"])("leaves nothing behind where %s fails half way", async (extension) => {
    const { schema, batches } = await load();
    const path = join(folder, "half", `t.${extension}`);
    mkdirSync(join(folder, "half"), { recursive: true });
    async function* failing() {
      yield* batches();
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    }
    await expect(writeTable({ path }, failing(), schema)).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining(path) as string,
    });
    expect(readdirSync(join(folder, "half"))).toEqual([]);
  });

  it("names a folder that is not there", async () => {
    const { schema, batches } = await load();
    for (const name of ["t.csv", "t.parquet"]) {
      const path = join(folder, "nowhere", name);
      await expect(writeTable({ path }, batches(), schema)).rejects.toMatchObject({
        code: "E_IO",
        message: expect.stringContaining(path) as string,
      });
    }
  });

  it("ends with E_ABORTED, and with E_IO on a closed pipe", async () => {
    const { schema, batches } = await load();
    const path = join(folder, "aborted.csv");
    await expect(writeTable({ path, signal: AbortSignal.abort() }, batches(), schema)).rejects.toMatchObject({
      code: "E_ABORTED",
    });
    expect(existsSync(path)).toBe(false);
    const closed = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    await expect(writeTable({ path: "-", stdout: closed }, batches(), schema)).rejects.toMatchObject({
      code: "E_IO",
    });
  });

  it("refuses columns that Parquet through DuckDB would rename", async () => {
    const table = tableOf(["a", "A"], [["1", "2"]]);
    const schema = inferSchema(table);
    async function* batches() {
      yield await Promise.resolve(toRecordBatch(toColumns(table, schema), schema));
    }
    await expect(writeTable({ path: join(folder, "case.parquet") }, batches(), schema)).rejects.toMatchObject(
      {
        message: 'columns "a" and "A" differ only in case, which DuckDB cannot write',
      },
    );
  });
});
