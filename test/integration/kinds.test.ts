import { join } from "node:path";
import fc from "fast-check";
import { modelOrder, inOrderOf } from "../../src/instruct/order";
import type { FormatName } from "../../src/instruct/format";
import { rowWriter } from "../../src/instruct/row";
import type { ModelHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { RowAutomaton } from "../../src/sample/automaton";
import { sampleToFile } from "../../src/sample/sample";
import { tableTokenizer } from "../../src/sample/table-tokenizer";
import { longestPath } from "../../src/sample/walk";
import { selectRows } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { isoText, fromSeconds } from "../../src/table/calendar";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import type { TableSource } from "../../src/table/source";
import { batchesOf, writeTable } from "../../src/table/write";
import { rowsOf, tableOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const MANY = 60; // rows enough to tell identifiers and free text from categories

const hostile = fc.oneof(
  fc.constantFrom(
    '"',
    "|",
    ";",
    ",",
    "\n",
    "\r\n",
    "a|b",
    '""',
    "007",
    "1e5",
    " NA ",
    "null",
    "missing",
    "\\n",
    "\\p",
  ),
  fc.constantFrom("😀", "👩‍👩‍👧‍👦", "שלום", "مرحبا، عالم", "东京", "▁x", "␊", "｜", "{}", "': '", "2024-01-31"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 12 }),
);
/** Not what readers take as an empty cell, nor a zero byte, which no text file holds. */
const text = fc
  .array(hostile, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(" ").replaceAll("\0", "0"))
  .filter((cell) => !/\p{Surrogate}/u.test(cell) && cell !== "");

/** A kind of column: the cells of MANY rows. */
const kinds: Record<string, fc.Arbitrary<string[]>> = {
  text: fc
    .array(text, { minLength: MANY, maxLength: MANY })
    .map((cells) => cells.map((cell, i) => `${cell} ${i}`)),
  categories: fc
    .uniqueArray(text, { minLength: 2, maxLength: 5 })
    .map((values) => Array.from({ length: MANY }, (_, i) => values[i % values.length]!)),
  dates: fc
    .array(fc.integer({ min: -60e9, max: 250e9 }), { minLength: MANY, maxLength: MANY })
    .map((cells) =>
      cells.map((seconds) => isoText(fromSeconds(seconds, false)).replace(/^(.*)-(.*)-(.*)$/, "$3.$2.$1")),
    ),
  times: fc
    .array(fc.integer({ min: 0, max: 4e9 }), { minLength: MANY, maxLength: MANY })
    .map((cells) => cells.map((seconds) => isoText(fromSeconds(seconds, true)).replace("T", " "))),
  numbers: fc
    .array(fc.integer({ min: -5e6, max: 5e6 }), { minLength: MANY, maxLength: MANY })
    .map((cells) => cells.map((n) => (n / 100).toFixed(2))),
  padded: fc
    .array(fc.integer({ min: 0, max: 9999 }), { minLength: MANY, maxLength: MANY })
    .map((cells) => cells.map((n) => String(n).padStart(5, "0"))),
  identifiers: fc
    .nat(9000)
    .map((first) => Array.from({ length: MANY }, (_, i) => `AB-${String(first + i).padStart(5, "0")}`)),
};

/** A table of one to five columns of any kind, with missing cells here and there. */
const table: fc.Arbitrary<TableSource> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...Object.keys(kinds)).chain((kind) => kinds[kind]!),
      fc.boolean(),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((columns) =>
    tableOf(
      columns.map((_, c) => `c ${c}, "x"|`),
      Array.from({ length: MANY }, (_, i) =>
        columns.map(([cells, mayMiss], c) => (mayMiss && (i + c) % 7 === 0 ? null : cells[i]!)),
      ),
    ),
  );

describe("any table", () => {
  it.each(["csv", "tsv", "jsonl", "parquet", "arrow"])("comes back the same from %s", async (extension) => {
    await fc.assert(
      fc.asyncProperty(table, async (source) => {
        const schema = inferSchema(source);
        const columns = toColumns(source, schema);
        const path = join(folder, `t.${extension}`);
        await writeTable({ path }, batchesOf(columns, schema), schema);
        const back = await readTable(path);
        if (extension === "csv") expect(rowsOf(back)).toEqual(rowsOf(source));
        expect(toColumns(back, schema)).toEqual(columns);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it("keeps a text of 10,000 characters", async () => {
    const long = Array.from({ length: MANY }, (_, i) => [`"${"a|\n😀".repeat(2000)}${i}`]);
    const source = tableOf(["x"], long);
    const schema = inferSchema(source);
    expect(schema.fields[0]).toHaveProperty("constraints.maxLength", 8003);
    const path = join(folder, "long.csv");
    await writeTable({ path }, batchesOf(toColumns(source, schema), schema), schema);
    expect(rowsOf(await readTable(path))).toEqual(long);
  });
});

describe.each([
  ["SentencePiece", { tokenizer: "spm" }],
  ["GPT-2", { tokenizer: "bpe", preTokenizer: "gpt-2" }],
  ["Llama 3", { tokenizer: "bpe", preTokenizer: "llama-bpe" }],
] as const)("with a tokenizer like %s's", (name, options) => {
  const base = join(folder, `${name}.gguf`);
  let model: ModelHandle;
  beforeAll(async () => {
    writeTinyGguf(base, options);
    model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
  });
  afterAll(() => model.close());

  it.each<FormatName>(["compact", "dict", "text"])(
    "every row is a path of the automaton in %s",
    (formatName) => {
      fc.assert(
        fc.property(table, (source) => {
          const whole = inferSchema(source);
          const columns = toColumns(source, whole);
          const language = tableTokenizer(model, formatName, whole, columns);
          const schema = modelOrder(whole, language);
          if (schema.fields.length === 0) return;
          const ordered = inOrderOf(schema, columns);
          const automaton = new RowAutomaton(schema, language);
          const written = rowWriter(schema, language.format, ordered);
          for (let i = 0; i < MANY; i++) {
            const { tokens } = automaton.encodeRow(ordered, i);
            expect(tokens.length).toBeLessThanOrEqual(longestPath(automaton.tables, [0]));
            // A base without a character writes another for it.
            if (name !== "SentencePiece") expect(model.detokenize(tokens)).toBe(written(i));
          }
        }),
        { numRuns: 12, seed: 2 },
      );
    },
  );

  it("every drawn table reads back as valid", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom("csv", "jsonl", "parquet", "arrow"),
        async (source, extension) => {
          const schema = inferSchema(source);
          const columns = selectRows(
            toColumns(source, schema),
            Array.from({ length: 20 }, (_, i) => i),
          );
          if (modelOrder(schema, { targetFirst: true }).fields.length === 0) return;
          const out = join(folder, `${name}-${run++}.${extension}`);
          await sampleToFile({
            ...{ schema, columns, format: "compact", description: "", k: 0, base, identity: "one", out },
            parts: `${out}-parts`,
            settings: { rows: 12, nSequences: 6, seed: run, threads: 1, prompt: "none", allowCopies: true },
          });
          const back = toColumns(await readTable(out), schema);
          expect(back).toHaveLength(columns.length);
          for (const [c, field] of schema.fields.entries()) {
            const column = back[c]!;
            if (!("unique" in field.constraints) || column.kind !== "text") continue;
            expect(new Set(column.values).size).toBe(12);
            const real = columns[c]!;
            if (real.kind === "text")
              expect(column.values.filter((id) => real.values.includes(id))).toEqual([]);
          }
        },
      ),
      { numRuns: 8, seed: 3 },
    );
  });
});

it("takes another delimiter where a base has no token of its own for one, and says where there is none", () => {
  const without = (missing: string) => ({
    tokenize(texts: string[]) {
      const pieces = texts.map((one) =>
        Array.from(one).flatMap((c) => (missing.includes(c) ? [1, 2] : [c.codePointAt(0)!])),
      );
      const offsets = new Int32Array(pieces.length + 1);
      pieces.forEach((piece, i) => (offsets[i + 1] = offsets[i]! + piece.length));
      return { ids: Int32Array.from(pieces.flat()).buffer, offsets: offsets.buffer };
    },
    detokenize: (ids: Int32Array) => String.fromCodePoint(...ids),
  });
  const delimiterOf = (missing: string): string =>
    tableTokenizer(without(missing), "compact", { fields: [] }, []).format.reserved.charAt(0);
  expect(delimiterOf("")).toBe("|");
  expect(delimiterOf("|")).toBe(";");
  expect(delimiterOf("|;\t")).toBe("\u001f");
  expect(() => delimiterOf("|;\t\u001f")).toThrow(expect.objectContaining({ code: "E_MODEL" }));
  expect(() => delimiterOf("\n")).toThrow("no line end");
});

it("compiles 5,000 categories to a few states each", () => {
  const base = join(folder, "many.gguf");
  writeTinyGguf(base);
  const source = tableOf(
    ["c"],
    Array.from({ length: 15_000 }, (_, i) => [`item ${((i % 5000) * 7919).toString(36)}`]),
  );
  const schema = inferSchema(source);
  return loadAddon()
    .openModel({ path: base, vocabularyOnly: true })
    .then((model) => {
      const columns = toColumns(source, schema);
      const language = tableTokenizer(model, "compact", schema, columns);
      const { tables } = new RowAutomaton(schema, language);
      model.close();
      expect(schema.fields[0]).toHaveProperty("constraints.enum.length", 5000);
      expect(tables.edgeOffsets.length).toBeLessThan(5 * 5000);
    });
});
