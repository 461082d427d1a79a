import { wilson, type Interval } from "./intervals";

/** How often an attack succeeded: on training rows, on rows never seen, and by guessing at random. */
export interface Attempts {
  /** rows attacked */
  n: number;
  successes: number;
  nControl: number;
  controlSuccesses: number;
  baselineSuccesses: number;
  nBaseline: number;
}

export interface Risk {
  /** the same before it is cut to 0 .. 1, and half of its 95 % interval */
  raw: number;
  error: number;
  /** how much more often it succeeds on training rows, of what is left to gain: 0 to 1 */
  value: number;
  interval: Interval;
  attackRate: number;
  controlRate: number;
  baselineRate: number;
}

/**
 * The risk that Anonymeter reports (Giomi et al., PoPETs 2023): (attack - control) / (1 - control) of Wilson's rates, its
 * error propagated from theirs, cut to 0 .. 1.
 */
export function riskOf(attempts: Attempts): Risk {
  const attack = wilson(attempts.successes, attempts.n);
  const control = wilson(attempts.controlSuccesses, attempts.nControl);
  const value = (attack.rate - control.rate) / (1 - control.rate);
  const error = Math.hypot(
    attack.error / (1 - control.rate),
    (control.error * (attack.rate - 1)) / (1 - control.rate) ** 2,
  );
  return {
    raw: value,
    error,
    ...cutRisk(value, error),
    attackRate: attack.rate,
    controlRate: control.rate,
    baselineRate: wilson(attempts.baselineSuccesses, attempts.nBaseline).rate,
  };
}

/** A risk is no less than 0 and no more than 1. */
export function cutRisk(raw: number, error: number): Pick<Risk, "value" | "interval"> {
  const cut = (x: number): number => Math.min(1, Math.max(0, x));
  return { value: cut(raw), interval: [cut(raw - error), cut(raw + error)] };
}

/** A note where an attack did no better than guessing, which makes its risk mean nothing. */
export function notesOf(risk: Risk): string[] {
  return risk.attackRate <= risk.baselineRate
    ? ["the attack did no better than guessing: it shows no risk, nor its absence"]
    : [];
}
