import { cellsOf } from "../../../../src/evaluate/cells";
import { createContext } from "../../../../src/evaluate/context";
import { dataLeakage } from "../../../../src/evaluate/metrics/data-leakage";
import type { Losses } from "../../../../src/evaluate/model-losses";
import { makePeople, schemaOf } from "../../../support/people";

const people = makePeople(20, 1);
const context = createContext({ schema: schemaOf(people), train: people, test: people, seed: 0 });

/** Losses of twelve rows of so many nats a token, in turn. */
function losses(...nats: number[]): Losses {
  const perToken = Float64Array.from({ length: 12 }, (_, row) => nats[row % nats.length]!);
  return { perToken, nats: perToken.map((each) => 10 * each) };
}

test("PPL-diff: the mean of e (or, as the original has it, 2) to the nats a token, members less others", async () => {
  const compared = {
    members: { model: losses(1, 2), base: losses(2, 3) },
    others: { model: losses(2, 3), base: losses(2.5, 3.5) },
    scored: losses(1.5),
  };
  const metric = dataLeakage({ of: () => Promise.resolve(compared), nOrders: 1, notes: [] });
  const { value, interval, parts } = await metric.compute(cellsOf(people), context, people, "mine");
  const { E } = Math;
  expect(value).toBeCloseTo((E + E ** 2) / 2 - (E ** 2 + E ** 3) / 2, 9);
  expect(interval![0]).toBeLessThan(value);
  expect(parts!.train).toBeCloseTo((E + E ** 2) / 2, 9);
  expect(parts!.holdout).toBeCloseTo((E ** 2 + E ** 3) / 2, 9);
  expect(parts!.synthetic).toBeCloseTo(E ** 1.5, 9);
  expect(parts!.original).toBeCloseTo((2 + 4) / 2 - (4 + 8) / 2, 9);
  // the model finds members 1 nat likelier than its base does, others by a half
  expect(parts!.calibrated).toBeCloseTo(-0.5, 9);
});
