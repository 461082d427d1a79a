import { CellLanguage } from "../cells/cell-language";
import type { ColumnPlan } from "../cells/plan";
import { HarmonicError } from "../errors";
import { RowIndex } from "../evaluate/row-index";
import { inOrderOf, modelOrder } from "../instruct/order";
import { repeatsEnough } from "../sample/gate";
import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import type { TrainSettingsInput } from "../train/settings";

/**
 * Refuses a table that a table model cannot learn, or that it can draw nothing but copies of, before any work is done.
 * @param columns the rows to learn from
 * @throws E_USAGE, E_INPUT with the figure
 */
export function checkTableModel(
  schema: TableSchema,
  columns: readonly Column[],
  train: TrainSettingsInput,
  allowCopies: boolean | undefined,
): void {
  const language = CellLanguage.build(schema, columns, train);
  const varying = language.toJson().columns.filter(isVarying);
  // Two columns that vary make pairs that no row has; digits and parts of dates make new values.
  const isFree = varying.length > 1 || varying.some(({ kind }) => kind === "digits" || kind === "dates");
  if (allowCopies === true || isFree) return;
  const learned = new RowIndex(inOrderOf(modelOrder(schema, language), columns));
  const nRows = rowCount(columns);
  if (allowCopies === undefined && repeatsEnough(learned, nRows)) return;
  const why =
    varying[0] === undefined
      ? "each column has one value"
      : `"${varying[0].name}" is the only column of several values, and no others are drawn than the table has`;
  throw new HarmonicError(
    "E_INPUT",
    `every row drawn would be a copy of ${nRows === 1 ? "the row" : `one of the ${nRows} rows`} learned from: ${why}`,
    {
      hint:
        "--allow-copies keeps copies" +
        (varying[0]?.kind === "bins" ? "; --numbers digits draws other numbers too" : ""),
    },
  );
}

/** Whether cells of the column are not all the same. */
function isVarying(plan: ColumnPlan): boolean {
  if (plan.kind === "digits" || plan.kind === "dates") return true;
  const nValues = plan.kind === "bins" ? plan.values.flat().length : plan.values.length;
  return nValues + (plan.missing ? 1 : 0) > 1;
}
