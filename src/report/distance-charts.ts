import { scoreOf, type Evaluation } from "../evaluate/evaluation";
import { base, type ChartSpec } from "./charts";

const BARS = 24;

/** What the detail of the metric of closest records holds. */
interface Distances {
  /** ascending from 0 to 1 */
  shares: number[];
  /** the distance that this share of the rows does not exceed */
  quantilesToTrain: number[];
  quantilesToHoldout: number[];
}

/** Histograms of the distances of a table's rows to their closest training and holdout rows; undefined without figures. */
export function distanceChart(evaluation: Evaluation, table: string): ChartSpec | undefined {
  const detail = scoreOf(evaluation, "closest-record", table)?.detail as Partial<Distances> | undefined;
  const { shares, quantilesToTrain, quantilesToHoldout } = detail ?? {};
  if (!shares || !quantilesToTrain?.length || !quantilesToHoldout?.length) return undefined;
  const high = Math.max(quantilesToTrain.at(-1)!, quantilesToHoldout.at(-1)!);
  const names = ["to train", "to holdout"];
  const values = [quantilesToTrain, quantilesToHoldout].flatMap((quantiles, t) => {
    const bars = histogram(shares, quantiles, high).map((share, bar) => ({
      ...{ closest: names[t]!, share },
      ...{ from: (bar * high) / BARS, to: ((bar + 1) * high) / BARS },
    }));
    // the last step of a line would have no width
    return [...bars, { ...bars.at(-1)!, from: high }];
  });
  const tooltip = [
    { field: "closest" },
    { field: "from", type: "quantitative", format: ".3f" },
    { field: "to", type: "quantitative", format: ".3f" },
    { field: "share", type: "quantitative", format: ".1%" },
  ];
  const y = {
    field: "share",
    type: "quantitative",
    axis: { format: ".0%", tickCount: 4 },
    title: null,
    stack: null,
  };
  const layer = (name: string, mark: object): object => ({
    transform: [{ filter: { field: "closest", equal: name } }],
    mark,
    encoding: { y, tooltip },
  });
  return {
    ...base(values),
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        title: "distance to the closest real row",
        axis: { tickCount: 6 },
      },
      color: {
        field: "closest",
        type: "nominal",
        title: null,
        sort: names,
        scale: { domain: names, range: ["var(--one)", "var(--real)"] },
      },
    },
    layer: [
      layer(names[1]!, { type: "area", interpolate: "step-after", opacity: 0.45 }),
      layer(names[0]!, { type: "line", interpolate: "step-after", strokeWidth: 1.8 }),
    ],
  };
}

/** Share of the values in each of the bars from 0 to `high`, values spread evenly between their quantiles. */
export function histogram(shares: readonly number[], quantiles: readonly number[], high: number): number[] {
  const below = (value: number): number => {
    // the last quantile that does not exceed the value: equal ones jump
    let at = quantiles.length - 1;
    while (at >= 0 && quantiles[at]! > value) at--;
    if (at < 0) return 0;
    if (at === quantiles.length - 1) return 1;
    const part = (value - quantiles[at]!) / (quantiles[at + 1]! - quantiles[at]!);
    return shares[at]! + part * (shares[at + 1]! - shares[at]!);
  };
  return Array.from({ length: BARS }, (_, bar) => {
    const [from, to] = [(bar * high) / BARS, ((bar + 1) * high) / BARS];
    return below(bar === BARS - 1 ? high : to) - (bar === 0 ? 0 : below(from));
  });
}
