import { Z95 } from "../../../src/evaluate/intervals";
import { cutRisk, notesOf, riskOf } from "../../../src/evaluate/risk";

/** Anonymeter's formulas, written out (Giomi et al. 2023, equations 1 to 4). */
function plainRisk(n: number, k: number, nControl: number, kControl: number) {
  const rate = (k: number, n: number): number => (k + Z95 ** 2 / 2) / (n + Z95 ** 2);
  const error = (k: number, n: number): number =>
    (Z95 / (n + Z95 ** 2)) * Math.sqrt((k * (n - k)) / n + Z95 ** 2 / 4);
  const [a, c] = [rate(k, n), rate(kControl, nControl)];
  const byAttack = error(k, n) / (1 - c);
  const byControl = (error(kControl, nControl) * (a - 1)) / (1 - c) ** 2;
  return { risk: (a - c) / (1 - c), error: Math.sqrt(byAttack ** 2 + byControl ** 2) };
}

const attempts = { n: 500, nControl: 400, nBaseline: 500, baselineSuccesses: 50 };

test("a risk is the excess over the control rows' of what is left to gain", () => {
  const risk = riskOf({ ...attempts, successes: 200, controlSuccesses: 80 });
  const plain = plainRisk(500, 200, 400, 80);
  expect(risk.raw).toBeCloseTo(plain.risk, 12);
  expect(risk.error).toBeCloseTo(plain.error, 12);
  expect(risk.value).toBeCloseTo(0.25, 2);
  expect(risk.interval).toEqual([risk.raw - risk.error, risk.raw + risk.error]);
  expect(risk.attackRate).toBeCloseTo(0.4, 2);
  expect(risk.controlRate).toBeCloseTo(0.2, 2);
  expect(risk.baselineRate).toBeCloseTo(0.1, 2);
  expect(notesOf(risk)).toEqual([]);
});

test("no more successes than on control rows is no risk", () => {
  const risk = riskOf({ ...attempts, successes: 50, controlSuccesses: 120 });
  expect(risk.raw).toBeLessThan(0);
  expect(risk).toMatchObject({ value: 0, interval: [0, 0] });
});

test("an attack that only guesses says so", () => {
  const risk = riskOf({ ...attempts, successes: 40, controlSuccesses: 20 });
  expect(notesOf(risk).join()).toContain("no better than guessing");
});

test("risks are cut to 0 .. 1", () => {
  expect(cutRisk(1.2, 0.4)).toEqual({ value: 1, interval: [expect.closeTo(0.8, 12), 1] });
  expect(cutRisk(-0.1, 0.3)).toEqual({ value: 0, interval: [0, expect.closeTo(0.2, 12)] });
});
