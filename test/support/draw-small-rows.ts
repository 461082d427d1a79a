import { findNeighbors } from "../../src/neighbors/find";
import { Sampler, type SamplerOptions } from "../../src/sample/sampler";
import { allSmallRows, smallSchema } from "./small-table";

/** n rows of the small table from a base, each as the JSON of its cells. */
export async function drawSmallRows(
  base: string,
  n: number,
  settings: Partial<SamplerOptions["settings"]>,
): Promise<string[]> {
  const columns = allSmallRows();
  const sampler = await Sampler.open({
    ...{ schema: smallSchema, columns, format: "compact", description: "", k: 3, base },
    neighbors: await findNeighbors(columns, smallSchema, { k: 3 }),
    settings: { nSequences: 16, threads: 1, seed: 5, allowCopies: true, ...settings },
  });
  const drawn = (await sampler.group(0, n)).columns;
  sampler.close();
  const cells = drawn.map((column) =>
    Array.from(column.kind === "category" ? column.codes : "scaled" in column ? column.scaled : []),
  );
  return Array.from({ length: n }, (_, i) => JSON.stringify(cells.map((column) => column[i])));
}
