import { toRecordBatch } from "../../../src/table/batches";
import { columnsFromBatches } from "../../../src/table/from-batches";
import { selectRows, type Column } from "../../../src/table/columns";
import type { TableSchema } from "../../../src/table/schema";
import { allSmallRows, smallSchema } from "../../support/small-table";

const columns = allSmallRows();

/** The schema with a column's categories in this order. */
function withNotes(notes: string[]): TableSchema {
  const fields = smallSchema.fields.map((field) =>
    field.name === "note" ? { ...field, constraints: { ...field.constraints, enum: notes } } : field,
  );
  return { ...smallSchema, fields: fields as TableSchema["fields"] };
}

const notesOf = (read: readonly Column[]): (string | undefined)[] => {
  const note = read.find(({ name }) => name === "note");
  if (note?.kind !== "category") throw new Error("expected categories");
  return Array.from(note.codes, (code) => note.values[code]);
};

it("record batches, and parts of them, are read back as the columns that they were made of", () => {
  const batch = toRecordBatch(columns, smallSchema);
  expect(columnsFromBatches([batch], smallSchema)).toEqual(columns);
  const parts = [batch.slice(0, 7), batch.slice(7, 100), batch.slice(100)];
  expect(columnsFromBatches(parts, smallSchema)).toEqual(columns);
  const some = selectRows(columns, [3, 200, 3]);
  expect(columnsFromBatches([toRecordBatch(some, smallSchema)], smallSchema)).toEqual(some);
});

it("categories are found by their text where the schema has them in another order", () => {
  const batch = toRecordBatch(columns, smallSchema);
  const turned = columnsFromBatches([batch], withNotes(["missing", "malé\n", "new", "mal", "a|b"]));
  expect(notesOf(turned)).toEqual(notesOf(columns));
});

it("a category or a column that the schema does not have is told by name", () => {
  const batch = toRecordBatch(columns, smallSchema);
  expect(() => columnsFromBatches([batch], withNotes(["a|b", "mal"]))).toThrow(
    /a record batch holds "malé\n", which column "note" does not have/,
  );
  const [first, ...others] = smallSchema.fields;
  const renamed: TableSchema = { fields: [{ ...first!, name: "gender" }, ...others] };
  expect(() => columnsFromBatches([batch], renamed)).toThrow(/a record batch has no column "gender"/);
});
