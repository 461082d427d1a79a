import { Random } from "../../src/random";

const draw = (random: Random, n: number): number[] => Array.from({ length: n }, () => random.nextUint32());

describe("Random", () => {
  it("gives the same numbers for a seed, for ever", () => {
    expect(draw(new Random(1), 4)).toEqual([3490868758, 411555453, 3462077590, 1613473614]);
    expect(new Random(1).nextFloat()).toBe(0.8127812154279851);
    expect(new Random("a run").nextUint64()).toBe(14643902787790202571n);
    expect(Array.from(new Random(7).shuffle(Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7])))).toEqual([
      1, 3, 2, 5, 7, 4, 0, 6,
    ]);
    expect(new Random(1).derive("split").nextUint32()).toBe(2245134106);
  });

  it("draws many integers of 64 bits as it draws one", () => {
    const random = new Random(5);
    const one = Array.from({ length: 3 }, () => random.nextUint64());
    expect([...new Random(5).nextUint64s(3)]).toEqual(one);
  });

  it("takes a number, a text and a bigint as the same seed", () => {
    expect(draw(new Random("12"), 3)).toEqual(draw(new Random(12), 3));
    expect(draw(new Random(12n), 3)).toEqual(draw(new Random(12), 3));
    expect(draw(new Random(13), 3)).not.toEqual(draw(new Random(12), 3));
  });

  it("derives streams that do not depend on what was drawn before", () => {
    const used = new Random(3);
    draw(used, 10);
    expect(draw(used.derive("x"), 3)).toEqual(draw(new Random(3).derive("x"), 3));
    expect(draw(used.derive("x"), 3)).not.toEqual(draw(used.derive("y"), 3));
    expect(draw(used.derive(1).derive(2), 3)).not.toEqual(draw(used.derive(12), 3));
  });

  it("draws integers evenly", () => {
    const random = new Random(5);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.nextInt(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    expect(() => random.nextInt(0)).toThrow("expected an integer from 1 to 2^32 for `n` but received 0");
  });

  it("draws floats in [0, 1)", () => {
    const random = new Random(6);
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const x = random.nextFloat();
      expect(x >= 0 && x < 1).toBe(true);
      sum += x;
    }
    expect(sum / 10_000).toBeCloseTo(0.5, 1);
  });
});
