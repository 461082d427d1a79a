import { CellLanguage } from "../../src/cells/cell-language";
import type { CellOptions } from "../../src/cells/plan-cells";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import type { AutomatonTables } from "../../src/native/addon";
import { cellValue } from "../../src/rules/cells";
import { RowAutomaton } from "../../src/sample/automaton";
import { edgeOf, isSilent } from "../../src/sample/walk";
import { fromSeconds, isoText } from "../../src/table/calendar";
import type { Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import type { TableSchema } from "../../src/table/schema";
import type { TableSource } from "../../src/table/source";
import { tableOf } from "./table-source";

/** Columns that are hard to write, by what is hard about them. */
const hostile: Record<string, (i: number) => string | null> = {
  few: (i) => ["a", "b|c", 'd"'][i % 3]!,
  "missing now and then": (i) => (i % 5 === 0 ? null : `v${i % 4}`),
  "all missing": () => null,
  "one value": () => "7",
  "negative decimals": (i) => (((i * 7919) % 9973) / 100 - 50).toFixed(2),
  heaped: (i) => (i % 3 === 0 ? "0" : String(i * 10)),
  "all negative": (i) => String(-1 - i),
  hundreds: (i) => String(((i * 31) % 601) * 100),
  "missing numbers": (i) => (i % 6 === 1 ? null : String((i * i) % 7919)),
  days: (i) => isoText(fromSeconds(Date.UTC(1999, 11, 1) / 1000 + i * 86400, false)),
  "leap days": (i) => `${1904 + 4 * (i % 20)}-02-29`,
  minutes: (i) =>
    isoText(fromSeconds(i * 1_234_500, true))
      .slice(0, 16)
      .replace("T", " "),
};

/** A table of them all. */
export function hostileTable(nRows: number): TableSource {
  const rows = Array.from({ length: nRows }, (_, i) => Object.values(hostile).map((cell) => cell(i)));
  return tableOf(Object.keys(hostile), rows);
}

export interface CellTable {
  /** in the order of the language */
  schema: TableSchema;
  columns: Column[];
  language: CellLanguage;
  automaton: RowAutomaton;
}

/** A table with the language of its own rows. */
export function cellTable(source: TableSource, options: CellOptions = {}, target?: string): CellTable {
  const whole = inferSchema(source, target === undefined ? {} : { target });
  const schema = modelOrder(whole, { targetFirst: true });
  const columns = inOrderOf(schema, toColumns(source, whole));
  const language = CellLanguage.build(schema, columns, options);
  return { schema, columns, language, automaton: new RowAutomaton(schema, language, true) };
}

/** The values of a row, as codes and scaled values, undefined where missing. */
export const rowValues = (columns: readonly Column[], i: number): (number | undefined)[] =>
  columns.map((column) => cellValue(column, i));

/**
 * The values that a row's tokens lead to. In a silent state the way is the one that leads to the values wanted; undefined
 * where there is none.
 */
export function readBack(
  tables: AutomatonTables,
  tokens: Int32Array,
  wanted: readonly (number | undefined)[],
): (number | undefined)[] | undefined {
  const { edgeOffsets, edgeNext, edgeColumns, edgeActions, edgeValues } = tables;
  const read = wanted.map(() => ({ value: 0, sign: 1, missing: false }));
  const take = (edge: number): number => {
    const [column, action] = [edgeColumns[edge]!, edgeActions[edge]!];
    const cell = read[column]!;
    if (action === -2) cell.missing = true;
    else if (tables.columnKinds[column] === 0) cell.value = action;
    else if (action >= 1000) cell.value = edgeValues![action - 1000]!;
    else if (action >= 100) cell.value *= 10 ** (action - 100);
    else if (action === 10) cell.sign = -1;
    else if (action >= 0) cell.value = cell.value * 10 + action;
    return edgeNext[edge]!;
  };
  /** Through silent states to the next one with tokens. */
  const settle = (from: number): number | undefined => {
    let state = from;
    while (isSilent(tables, state)) {
      const edges = Array.from(
        { length: edgeOffsets[state + 1]! - edgeOffsets[state]! },
        (_, e) => edgeOffsets[state]! + e,
      );
      const edge = edges.find((one) => {
        const action = edgeActions[one]!;
        return action < 1000 || edgeValues![action - 1000] === wanted[edgeColumns[one]!];
      });
      if (edge === undefined) return undefined;
      state = take(edge);
    }
    return state;
  };
  let state = settle(0);
  for (const token of tokens) {
    const edge = state === undefined ? -1 : edgeOf(tables, state, token);
    if (edge < 0) return undefined;
    state = settle(take(edge));
  }
  if (state === undefined || edgeOffsets[state] !== edgeOffsets[state + 1]) return undefined;
  return read.map(({ value, sign, missing }) => (missing ? undefined : sign * value));
}
