/** Scores of predictions, defined as scikit-learn defines them. */

/** Counts of (true class, predicted class), shape (k, k), row-major. */
function confusion(truth: Int32Array, predicted: Int32Array, k: number): Float64Array {
  const counts = new Float64Array(k * k);
  truth.forEach((t, i) => counts[t * k + predicted[i]!]!++);
  return counts;
}

/** Class of the largest probability in each row; probabilities of shape (n, k). */
export function argmaxRows(probabilities: Float64Array, k: number): Int32Array {
  const classes = new Int32Array(probabilities.length / k);
  for (let i = 0; i < classes.length; i++) {
    let best = 0;
    for (let c = 1; c < k; c++) if (probabilities[i * k + c]! > probabilities[i * k + best]!) best = c;
    classes[i] = best;
  }
  return classes;
}

/** Sums of rows (true classes) and columns (predicted classes) of a confusion matrix. */
function margins(counts: Float64Array, k: number): { truth: Float64Array; predicted: Float64Array } {
  const truth = new Float64Array(k);
  const predicted = new Float64Array(k);
  counts.forEach((count, at) => {
    truth[Math.floor(at / k)]! += count;
    predicted[at % k]! += count;
  });
  return { truth, predicted };
}

/** F1 of each class, averaged by the number of true rows. A class never predicted scores 0. */
export function weightedF1(truth: Int32Array, predicted: Int32Array, k: number): number {
  const counts = confusion(truth, predicted, k);
  const sums = margins(counts, k);
  let total = 0;
  for (let c = 0; c < k; c++) {
    const both = sums.truth[c]! + sums.predicted[c]!;
    if (both > 0) total += (sums.truth[c]! * 2 * counts[c * k + c]!) / both;
  }
  return total / truth.length;
}

export function accuracy(truth: Int32Array, predicted: Int32Array): number {
  let right = 0;
  truth.forEach((t, i) => (right += t === predicted[i] ? 1 : 0));
  return right / truth.length;
}

/** Matthews correlation coefficient for any number of classes (Gorodkin 2004); 0 where it is not defined. */
export function matthews(truth: Int32Array, predicted: Int32Array, k: number): number {
  const counts = confusion(truth, predicted, k);
  const sums = margins(counts, k);
  const n = truth.length;
  let right = 0;
  let cross = 0;
  let truthSquares = 0;
  let predictedSquares = 0;
  for (let c = 0; c < k; c++) {
    right += counts[c * k + c]!;
    cross += sums.truth[c]! * sums.predicted[c]!;
    truthSquares += sums.truth[c]! ** 2;
    predictedSquares += sums.predicted[c]! ** 2;
  }
  const spread = (n * n - truthSquares) * (n * n - predictedSquares);
  return spread === 0 ? 0 : (right * n - cross) / Math.sqrt(spread);
}

/**
 * Area under the ROC curve: how often a positive row scores above a negative one, ties half.
 * NaN where one of the two kinds is missing.
 */
export function areaUnderCurve(scores: Float64Array, positive: (row: number) => boolean): number {
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) {
      if (!positive(order[i]!)) continue;
      positives++;
      rankSum += rank;
    }
    start = end;
  }
  const negatives = scores.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Standard error of an AUC of so many positive and negative rows (Hanley and McNeil, Radiology 143, 1982). */
export function areaError(area: number, nPositive: number, nNegative: number): number {
  const q1 = area / (2 - area);
  const q2 = (2 * area * area) / (1 + area);
  const variance =
    area * (1 - area) + (nPositive - 1) * (q1 - area * area) + (nNegative - 1) * (q2 - area * area);
  return Math.sqrt(Math.max(0, variance) / (nPositive * nNegative));
}

/** AUC of two classes; of more, each against the rest, averaged by the number of true rows. */
export function classificationAuc(truth: Int32Array, probabilities: Float64Array, k: number): number {
  const classes = k === 2 ? [1] : Array.from({ length: k }, (_, c) => c);
  let total = 0;
  let weight = 0;
  for (const c of classes) {
    const scores = Float64Array.from(truth, (_, i) => probabilities[i * k + c]!);
    const area = areaUnderCurve(scores, (i) => truth[i] === c);
    if (Number.isNaN(area)) continue;
    const support = truth.reduce((sum, t) => sum + (t === c ? 1 : 0), 0);
    total += area * support;
    weight += support;
  }
  return weight === 0 ? NaN : total / weight;
}

/** Share of the variance that the predictions explain; NaN for constant values. */
export function rSquared(truth: Float64Array, predicted: Float64Array): number {
  const mean = truth.reduce((sum, t) => sum + t, 0) / truth.length;
  let residual = 0;
  let variance = 0;
  truth.forEach((t, i) => {
    residual += (t - predicted[i]!) ** 2;
    variance += (t - mean) ** 2;
  });
  return variance === 0 ? NaN : 1 - residual / variance;
}

/** Root of the mean squared error. */
export function rootMeanSquaredError(truth: Float64Array, predicted: Float64Array): number {
  let sum = 0;
  truth.forEach((t, i) => (sum += (t - predicted[i]!) ** 2));
  return Math.sqrt(sum / truth.length);
}
