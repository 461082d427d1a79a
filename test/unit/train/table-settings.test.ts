import { parseTrainSettings } from "../../../src/train/settings";
import { MAX_VALIDATION_ROWS, validationRows } from "../../../src/train/table-model";
import { languageTrainSettings, tableTrainSettings } from "../../../src/train/table-settings";

it("suits the table, and gives way to what is asked for", () => {
  const small = tableTrainSettings({}, 491, 9);
  const large = tableTrainSettings({}, 26_048, 15);
  expect(tableTrainSettings({ permute: 1 }, 26_048, 15).epochs).toBeCloseTo(2.7 * large.epochs!);
  expect(small.epochs!).toBeGreaterThan(large.epochs!);
  expect(small.width!).toBeLessThan(large.width!);
  expect(small).toMatchObject({ train: "all", protectRare: 0, validation: 0 });
  expect(large.validation!).toBeGreaterThan(0);
  expect(tableTrainSettings({ width: 32, epochs: 3 }, 26_048, 15)).toMatchObject({ width: 32, epochs: 3 });
  for (const settings of [small, large]) expect(() => parseTrainSettings(settings)).not.toThrow();
});

it("takes no longer for a table of millions of rows", () => {
  const cells = (rows: number): number => rows * 10 * tableTrainSettings({}, rows, 10).epochs!;
  expect(cells(5_000_000)).toBeLessThanOrEqual(cells(1_000_000) * 1.01);
});

it.each([
  [() => tableTrainSettings({ rank: 4 }, 100, 3), /a language model as the base for `rank`/],
  [() => tableTrainSettings({ train: "adapter" }, 100, 3), /a language model as the base for `train`/],
  [() => tableTrainSettings({ width: 30, heads: 4 }, 100, 3), /4 heads share a width of 30/],
  [() => languageTrainSettings({ numbers: "bins" }), /a table model for `numbers`/],
])("refuses what does not go together", (settings, message) => {
  expect(settings).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: expect.stringMatching(message) as string }),
  );
});

it("keeps a part of the rows for validation, the same for the same seed, never all", () => {
  const { learned, held } = validationRows(200, 0.1, 3);
  expect([learned.length, held.length]).toEqual([180, 20]);
  expect([...learned, ...held].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(validationRows(200, 0.1, 3).held).toEqual(held);
  expect(validationRows(200, 0.1, 4).held).not.toEqual(held);
  expect(validationRows(1, 0.5, 0)).toEqual({ learned: Int32Array.of(0), held: new Int32Array(0) });
  expect(validationRows(1_000_000, 0.1, 0).held.length).toBe(MAX_VALIDATION_ROWS);
});
