import { TextColumnBuilder, type TableSource } from "./source";

/** The tables one below the other, columns by name in the order of the first. */
export function concatenate(sources: readonly TableSource[]): TableSource {
  const first = sources[0]!;
  const columns = first.names.map((name) => {
    const builder = new TextColumnBuilder(name);
    for (const source of sources) {
      const column = source.columns[source.names.indexOf(name)]!;
      for (const code of column.codes) builder.push(code < 0 ? null : column.texts[code]!);
    }
    return builder.finish();
  });
  const nRows = sources.reduce((sum, source) => sum + source.nRows, 0);
  return { path: first.path, names: first.names, nRows, columns };
}
