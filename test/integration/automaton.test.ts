import { modelPrompt } from "../../src/instruct/chat";
import { rowFormat } from "../../src/instruct/formats";
import { inOrder, inOrderOf } from "../../src/instruct/order";
import { rowWriter } from "../../src/instruct/row";
import { Tokenizer } from "../../src/model/tokenizer";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { longestPath } from "../../src/sample/walk";
import { isMissing } from "../../src/table/columns";
import { allPaths } from "../support/paths";
import { allSmallRows, smallColumns, smallSchema } from "../support/small-table";
import { tinyModel } from "../support/tiny-model";

describe.each(["bpe", "spm"] as const)("RowAutomaton with a tokenizer of type %s", (tokenizer) => {
  const model = tinyModel({ tokenizer });

  describe.each(["compact", "dict", "text"])("in the %s format", (name) => {
    const columns = allSmallRows();
    const n = 240;
    const automaton = () =>
      new RowAutomaton(smallSchema, new TextLanguage(rowFormat(name), new Tokenizer(model())));
    const rowText = rowWriter(smallSchema, rowFormat(name), columns);

    it("accepts exactly the rows that the schema allows, with their values", () => {
      const paths = allPaths(automaton().tables);
      const accepted = new Map(
        paths.map(({ tokens, values }) => [model().detokenize(Int32Array.from(tokens)), values]),
      );
      expect(accepted.size).toBe(paths.length);
      expect([...accepted.keys()].sort()).toEqual(Array.from({ length: n }, (_, i) => rowText(i)).sort());
      for (let i = 0; i < n; i++) {
        const expected = columns.map((column) => {
          if (isMissing(column, i) || column.kind === "text") return null;
          return column.kind === "category" ? column.codes[i]! : column.scaled[i]!;
        });
        expect(accepted.get(rowText(i))).toEqual(expected);
      }
    });

    it("encodes every row as its path, with what each token is chosen from", () => {
      const rows = automaton();
      const { edgeOffsets, edgeTokens, edgeNext } = rows.tables;
      const { vocabulary, allowedSets } = rows;
      expect([...vocabulary].sort((a, b) => a - b)).toEqual([...vocabulary]);
      for (let i = 0; i < n; i++) {
        const { tokens, sets } = rows.encodeRow(columns, i);
        expect(model().detokenize(tokens)).toBe(rowText(i));
        let state = 0;
        tokens.forEach((token, t) => {
          const choice = [...edgeTokens.subarray(edgeOffsets[state], edgeOffsets[state + 1])];
          const set = sets[t]!;
          expect(set >= 0).toBe(choice.length > 1);
          const allowed = [...vocabulary].filter((_, v) => allowedSets[set * vocabulary.length + v] === 1);
          if (set >= 0) expect(allowed).toEqual(choice);
          expect(choice).toContain(token);
          state = edgeNext[edgeOffsets[state]! + choice.indexOf(token)]!;
        });
        expect(edgeOffsets[state]).toBe(edgeOffsets[state + 1]);
      }
    });

    it("encodes rows in any order as an automaton of that order alone does", () => {
      const rows = new RowAutomaton(
        smallSchema,
        new TextLanguage(rowFormat(name), new Tokenizer(model())),
        true,
      );
      const { vocabulary, allowedSets } = rows;
      const texts = (set: number, from: { vocabulary: Int32Array; allowedSets: Uint8Array }): number[] =>
        [...from.vocabulary].filter((_, v) => from.allowedSets[set * from.vocabulary.length + v] === 1);
      for (const order of [
        [4, 3, 2, 1, 0],
        [2, 0, 1, 4, 3],
        [1, 2, 3, 4, 0],
      ]) {
        const schema = inOrder(smallSchema, order);
        const alone = new RowAutomaton(schema, rows.language);
        const ordered = inOrderOf(schema, columns);
        for (let i = 0; i < n; i += 7) {
          const expected = alone.encodeRow(ordered, i);
          const row = rows.encodeRow(columns, i, order);
          expect(row.tokens).toEqual(expected.tokens);
          row.sets.forEach((set, t) => {
            expect(texts(set, { vocabulary, allowedSets })).toEqual(texts(expected.sets[t]!, alone));
          });
          expect(row.columns).toEqual(expected.columns.map((f) => (f < 0 ? -1 : order[f]!)));
        }
      }
    });

    it("knows the longest row", () => {
      const rows = automaton();
      const lengths = Array.from({ length: n }, (_, i) => rows.encodeRow(columns, i).tokens.length);
      expect(longestPath(rows.tables, [0])).toBe(Math.max(...lengths));
    });
  });

  it("names row and column of a value that does not fit", () => {
    const automaton = new RowAutomaton(
      smallSchema,
      new TextLanguage(rowFormat("compact"), new Tokenizer(model())),
    );
    const columns = smallColumns([
      [0, 8, 0, 0, 0],
      [0, 13, 0, 0, 0],
      [-1, 8, 0, 0, 0],
      [0, 8, 3, 0, 0],
      [0, 1, 0, 0, 0],
    ]);
    expect(() => automaton.encodeRow(columns, 0)).not.toThrow();
    expect(() => automaton.encodeRow(columns, 1)).toThrow('row 2, column "age": 13 does not fit');
    expect(() => automaton.encodeRow(columns, 2)).toThrow(
      'row 3, column "sex": a missing value does not fit',
    );
    expect(() => automaton.encodeRow(columns, 3)).toThrow('row 4, column "change": 0.3 does not fit');
    expect(() => automaton.encodeRow(columns, 4)).toThrow('row 5, column "age": 1 does not fit');
  });

  it("puts a prompt together from its pieces", () => {
    const format = rowFormat("dict");
    const automaton = new RowAutomaton(smallSchema, new TextLanguage(format, new Tokenizer(model())));
    const columns = allSmallRows();
    const rows = [3, 77].map((i) => automaton.encodeRow(columns, i).tokens);
    const options = { description: "people", k: 2 };
    const parts = modelPrompt(format, smallSchema, options);
    const writer = rowWriter(smallSchema, format, columns);
    expect(
      model().detokenize(automaton.encodePrompt(automaton.language.prompt(smallSchema, options), rows)),
    ).toBe(
      parts.head +
        parts.before[0] +
        writer(3) +
        parts.after[0] +
        parts.before[1] +
        writer(77) +
        parts.after[1] +
        parts.cue,
    );
  });

  it("refuses a value that is written like a missing cell", () => {
    const schema = structuredClone(smallSchema);
    const [field] = schema.fields;
    field!.constraints = { required: false, enum: ["", "x"] };
    expect(
      () => new RowAutomaton(schema, new TextLanguage(rowFormat("compact"), new Tokenizer(model()))),
    ).toThrow(/column "sex".*"" and a missing cell have the same tokens/);
  });

  it("refuses a range without a number", () => {
    const schema = structuredClone(smallSchema);
    schema.fields[1]!.constraints = { required: true, minimum: 3.2, maximum: 3.4 };
    expect(
      () => new RowAutomaton(schema, new TextLanguage(rowFormat("compact"), new Tokenizer(model()))),
    ).toThrow(/column "age": expected a number of 0 decimals from minimum 3.2 to maximum 3.4/);
  });
});
