import { naturalOrder } from "../../src/instruct/order";
import type { GeneratorSwitches } from "../../src/native/addon";
import { edgeCounts } from "../../src/sample/edge-counts";
import { rowCount } from "../../src/table/columns";
import { ExactRows, FEW, givenTokens, N_SEQUENCES } from "../support/exact-rows";
import { allSmallRows, smallSchema } from "../support/small-table";

const exact = new ExactRows();

describe("rows are drawn from the model's distribution over allowed rows", () => {
  const off: GeneratorSwitches[] = [
    { jumpForward: false },
    { sharePrefix: false },
    { sharePrompt: false },
    { cutVocabulary: false },
    { drafts: false },
    { smallCache: false },
    { halfProducts: false },
    {
      ...{ jumpForward: false, sharePrefix: false, sharePrompt: false, cutVocabulary: false },
      ...{ drafts: false, smallCache: false, halfProducts: false },
    },
  ];
  it.each([{}, ...off])("with the switches %j", async (switches) => {
    await exact.expectExact({ open: { switches } });
  });

  it.each([true, false])("of few rows in lock-step, drafts %j", async (drafts) => {
    const rows = allSmallRows();
    const { automaton } = exact;
    const counts = edgeCounts({
      ...{ tables: automaton.tables, starts: [{ order: naturalOrder(smallSchema), startState: 0 }] },
      ...{ nRows: rowCount(rows), tokensOf: (row) => automaton.encodeRow(rows, row).tokens },
    });
    await exact.expectExact({ open: { switches: { drafts }, edgeCounts: counts }, size: FEW });
  });

  it("at a temperature of each column", async () => {
    const temperatures = [2, NaN, 0.7, NaN, NaN];
    const general = { temperature: 1.4 };
    await exact.expectExact({
      generate: { ...general, temperatures: Float64Array.from(temperatures) },
      brute: { ...general, temperatures },
    });
  });

  it.each([{ topP: 0.8 }, { minP: 0.3 }, { topP: 0.9, minP: 0.1 }])("with %j", async (limits) => {
    const settings = { temperature: 1.2, ...limits };
    await exact.expectExact({ generate: settings, brute: settings });
  });

  it("behind given cells", async () => {
    const row = exact.paths.find(({ values }) => values[0] === 1 && values[1] === 10)!;
    const end = row.tokens.findIndex((_, i) => {
      const same = exact.paths.filter(
        ({ tokens }) => tokens.slice(0, i).join() === row.tokens.slice(0, i).join(),
      );
      return same.every(({ values }) => values[0] === 1 && values[1] === 10);
    });
    await exact.expectExact({
      generate: givenTokens(row.tokens.slice(0, end)),
      allowed: ([sex, age]) => sex === 1 && age === 10,
    });
  });

  it("from a second automaton behind the first", async () => {
    const { tables } = exact.automaton;
    const n = tables.edgeOffsets.length - 1;
    const twice = (values: Int32Array, shift = 0): Int32Array =>
      Int32Array.from([...values, ...values.map((value) => value + shift)]);
    const two = {
      edgeOffsets: Int32Array.from([
        ...tables.edgeOffsets,
        ...tables.edgeOffsets.subarray(1).map((offset) => offset + tables.edgeTokens.length),
      ]),
      edgeTokens: twice(tables.edgeTokens),
      edgeNext: twice(tables.edgeNext, n),
      edgeColumns: twice(tables.edgeColumns),
      edgeActions: twice(tables.edgeActions),
      columnKinds: tables.columnKinds,
    };
    const startStates = Int32Array.from({ length: N_SEQUENCES }, (_, i) => (i % 2) * n);
    await exact.expectExact({ open: { automaton: two }, generate: { startStates } });
  });
});

describe("explanations", () => {
  it("are the cells' probabilities, and the share of the softmax that was allowed", async () => {
    const expected = await exact.probabilities(exact.paths);
    const drawing = {
      ...{ open: { explain: true }, generate: { temperature: 2, topP: 0.9 } },
      size: { nRows: N_SEQUENCES, nPasses: 1 },
    };
    for (const engine of exact.engines) {
      for await (const result of exact.passes(engine, drawing)) {
        const nColumns = result.columns.length;
        const logs = new Float32Array(result.explanations!.logProbabilities);
        const mass = new Float32Array(result.explanations!.allowedMass);
        const rows = exact.valuesOf(result).slice(0, N_SEQUENCES / 2);
        for (const [i, row] of rows.entries()) {
          const sum = logs.subarray(i * nColumns, (i + 1) * nColumns).reduce((a, b) => a + b, 0);
          expect(Math.exp(sum)).toBeCloseTo(expected.get(JSON.stringify(row))!, 2);
          const shares = mass.subarray(i * nColumns, (i + 1) * nColumns);
          expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
          expect(Math.min(...shares.subarray(0, 4))).toBeLessThan(0.9);
          expect([logs[i * nColumns + 4], shares[4]]).toEqual([0, 1]);
        }
      }
    }
  });
});
