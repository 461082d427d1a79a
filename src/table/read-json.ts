import { HarmonicError } from "../errors";
import { quotePath, quoteText } from "./duckdb";
import { readColumns, readWithDuckDb, rowsOf } from "./read-duckdb";
import type { TextColumn } from "./source";

/** Reads JSON: an array of objects, or one object after another (JSON Lines). Columns in order of first appearance. */
export async function readJson(path: string): Promise<TextColumn[]> {
  return await readWithDuckDb(path, "JSON", async (connection) => {
    const table = `read_json_objects(${quotePath(path)}, hive_partitioning = false)`;
    const bad = await rowsOf(
      connection,
      `SELECT i, t FROM (SELECT row_number() OVER () AS i, json_type(json) AS t FROM ${table}) WHERE t <> 'OBJECT' LIMIT 1`,
    );
    if (bad[0]) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: row ${String(bad[0][0])} is a JSON ${String(bad[0][1]).toLowerCase()}: expected an object`,
        { hint: 'write one object a row, such as {"name": "x", "age": 30}' },
      );
    }
    const keys = await rowsOf(
      connection,
      `SELECT k FROM (SELECT row_number() OVER () AS i, unnest(json_keys(json)) AS k, ` +
        `generate_subscripts(json_keys(json), 1) AS j FROM ${table}) GROUP BY k ORDER BY min(i), min(j)`,
    );
    const names = keys.map((row) => String(row[0]));
    const cells = names.map((name) => {
      const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      return `json_extract_string(json, ${quoteText(pointer)})`;
    });
    if (names.length === 0) return [];
    return await readColumns(connection, path, names, `SELECT ${cells.join(", ")} FROM ${table}`);
  });
}
