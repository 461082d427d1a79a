import { readFile, writeFile } from "node:fs/promises";
import {
  Field,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from "apache-arrow";
import { HarmonicError } from "../errors";
import { replaceFile } from "../run/atomic";

/** Writes the neighbour table (ids, shape (n, k)) as an Arrow file: columns row, neighbor_1 ... neighbor_k. */
export async function saveNeighbors(
  path: string,
  neighbors: Int32Array,
  n: number,
  k: number,
): Promise<void> {
  const names = ["row", ...Array.from({ length: k }, (_, j) => `neighbor_${j + 1}`)];
  const schema = new Schema(names.map((name) => new Field(name, new Int32(), false)));
  const children = names.map((_, c) =>
    makeData({
      type: new Int32(),
      data: Int32Array.from({ length: n }, (_row, i) => (c === 0 ? i : neighbors[i * k + c - 1]!)),
    }),
  );
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: n, nullCount: 0, children }),
  );
  const bytes = tableToIPC(new Table([batch]), "file");
  await replaceFile(path, (partial) => writeFile(partial, bytes));
}

/** Reads what saveNeighbors wrote. E_RUN where the file is missing or not whole. */
export async function loadNeighbors(path: string): Promise<{ neighbors: Int32Array; n: number; k: number }> {
  try {
    const table = tableFromIPC(await readFile(path));
    const n = table.numRows;
    const k = table.numCols - 1;
    const neighbors = new Int32Array(n * k);
    for (let j = 0; j < k; j++) {
      const ids = table.getChild(`neighbor_${j + 1}`)!.toArray() as Int32Array;
      for (let i = 0; i < n; i++) neighbors[i * k + j] = ids[i]!;
    }
    return { neighbors, n, k };
  } catch (error) {
    throw new HarmonicError(
      "E_RUN",
      `${path} is not a readable neighbour table: ${(error as Error).message}`,
      {
        hint: "run harmonic preprocess again",
        cause: error,
      },
    );
  }
}
