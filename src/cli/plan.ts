import { formatBytes } from "../bytes";
import { DEFAULT_BASE } from "../model/registry";
import { TABLE_BASE } from "../model/table-base";
import type { BaseChoice } from "../run/choose-base";
import type { TrainPlan } from "../train/train";
import { formatAmount, formatSeconds } from "./progress";

/** "base: a table model, for there are 26,048 rows and no free text; about 4 min 10 s here; --base smollm2-135m takes the other kind" */
export function describeChoice({ name, reason, seconds, device }: BaseChoice): string {
  const [kind, other] =
    name === TABLE_BASE ? ["a table model", DEFAULT_BASE] : [`the language model ${name}`, TABLE_BASE];
  const time = formatSeconds(Math.max(1, Math.round(seconds)));
  const on = device.id === undefined ? "here" : `here, on ${device.description}`;
  return `base: ${kind}, for ${reason}; about ${time} ${on}; --base ${other} takes the other kind`;
}

/** "train: 8 epochs of 537 rows, 536 steps, 228,000 tokens, 4,884,480 parameters, up to 910 MB of memory, about 4 min 10 s here" */
export function describePlan(plan: TrainPlan): string {
  const epochs = formatAmount(Math.round(plan.epochs * 10) / 10, plan.epochs === 1 ? "epoch" : "epochs");
  const resumed = plan.stepsDone > 0 ? ` (going on after ${plan.stepsDone})` : "";
  return [
    `train: ${epochs} of ${formatAmount(plan.rows, "rows")}`,
    `${formatAmount(plan.steps, "steps")}${resumed}`,
    formatAmount(plan.tokens, "tokens"),
    formatAmount(plan.parameters, "parameters"),
    describeMemory(plan),
    ...describeRare(plan.rare ?? []),
    ...(plan.obstacle !== undefined ? [`all of it on the CPU (${plan.obstacle})`] : []),
    ...(plan.onCpu.length > 0 ? [`${plan.onCpu.join(" and ")} on the CPU`] : []),
    `about ${formatSeconds(plan.estimatedSeconds)} here`,
  ].join(", ");
}

/** "42 rare categories of 2 columns left out (57 cells)" */
function describeRare(rare: NonNullable<TrainPlan["rare"]>): string[] {
  if (rare.length === 0) return [];
  const values = rare.reduce((sum, column) => sum + column.values, 0);
  const cells = rare.reduce((sum, column) => sum + column.rows, 0);
  const columns = formatAmount(rare.length, rare.length === 1 ? "column" : "columns");
  return [
    `${formatAmount(values, "rare categories")} of ${columns} left out (${formatAmount(cells, "cells")})`,
  ];
}

/** "about 0.91 GB of memory", with what is done to keep to a limit. */
function describeMemory({ memory: { bytes, recompute, microBatchTokens, onDevice } }: TrainPlan): string {
  const how = recompute ? ` (blocks computed again, ${microBatchTokens} tokens at a time)` : "";
  return `up to ${formatBytes(bytes)} of ${onDevice ? "the device's memory" : "memory"}${how}`;
}
