import type { TrainSettings } from "./settings";

/** Learning rate of a step (0 .. steps - 1): a linear rise over the warm-up, then the schedule down towards 0. */
export function learningRateAt(
  step: number,
  steps: number,
  settings: Pick<TrainSettings, "learningRate" | "schedule" | "warmup">,
): number {
  const warm = Math.ceil(settings.warmup * steps);
  if (step < warm) return (settings.learningRate * (step + 1)) / warm;
  const progress = (step - warm) / Math.max(1, steps - warm);
  switch (settings.schedule) {
    case "constant":
      return settings.learningRate;
    case "linear":
      return settings.learningRate * (1 - progress);
    case "cosine":
      return settings.learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
  }
}
