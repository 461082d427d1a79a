import { Tokenizer } from "../../src/model/tokenizer";
import type { TextBuffers } from "../../src/native/addon";
import { count, ExactRows, expectDrawn, N_SEQUENCES } from "../support/exact-rows";
import type { Path } from "../support/paths";

const exact = new ExactRows();

describe("texts", () => {
  const pieces = ["a", "b", "ab", "é"];

  it("keep their limits and are drawn from the distribution over allowed tokens", async () => {
    const tokenizer = new Tokenizer(exact.model());
    const tokens = [...new Set(pieces.flatMap((piece) => [...tokenizer.encode(piece)]))].sort(
      (a, b) => a - b,
    );
    const end = tokenizer.encode("\n")[0]!;
    const begins = (token: number): number => {
      const [first, second] = tokenizer.encode("é");
      return token === first ? 1 : token === second ? 0 : tokenizer.decode(Int32Array.of(token)).length;
    };
    const edges = [...tokens, end].sort((a, b) => a - b);
    const tables = {
      edgeOffsets: Int32Array.of(0, edges.length, edges.length),
      edgeTokens: Int32Array.from(edges),
      edgeNext: Int32Array.from(edges, (token) => (token === end ? 1 : 0)),
      edgeColumns: Int32Array.from(edges, () => 0),
      edgeActions: Int32Array.from(edges, (token) => (token === end ? -1 : begins(token))),
      columnKinds: Int32Array.of(2),
      textLimits: Int32Array.of(1, 3),
    };
    const found: Path[] = [];
    const [lead, more] = tokenizer.encode("é");
    const walk = (path: number[], n: number): void => {
      const whole = path.at(-1) !== lead;
      if (whole && n >= 1) found.push({ tokens: [...path, end], values: [path.join() as unknown as number] });
      for (const token of tokens) {
        const size = begins(token);
        if ((token === more) === !whole && n + size <= 3) walk([...path, token], n + size);
      }
    };
    walk([], 0);
    const text = (path: string): string => tokenizer.decode(Int32Array.from(path.split(","), Number));
    const expected = new Map<string, number>();
    for (const [key, share] of await exact.probabilities(found, {}, tables)) {
      const name = text((JSON.parse(key) as string[])[0]!);
      expected.set(name, (expected.get(name) ?? 0) + share);
    }
    for (const engine of exact.engines) {
      const counts = new Map<string, number>();
      for await (const { columns } of exact.passes(engine, { open: { automaton: tables } })) {
        const { offsets, bytes, missing } = columns[0] as TextBuffers;
        expect(new Uint8Array(missing).every((flag) => flag === 0)).toBe(true);
        const at = new Int32Array(offsets);
        for (let i = 0; i < N_SEQUENCES / 2; i++) {
          count(counts, Buffer.from(bytes).toString("utf8", at[i], at[i + 1]));
        }
      }
      expectDrawn(counts, expected);
    }
  });
});
