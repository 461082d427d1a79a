import { LossWatch } from "../../../src/train/loss-watch";

const watched = (losses: number[]): LossWatch => {
  const watch = new LossWatch();
  losses.forEach((loss) => watch.add(loss));
  return watch;
};

it("trusts a loss that falls, jumps once, or is small", () => {
  for (const losses of [[], [2, 1.5, 1], [2, 1, 12, 1, 1], [0.01, 0.5, 0.6]]) {
    expect(watched(losses).exploded).toBe(false);
  }
  expect(watched([2, 1, 1]).healthy).toBe(true);
});

it("sees a loss that stays above three times the first", () => {
  const watch = watched([2, ...Array<number>(5).fill(8)]);
  expect(watch.exploded).toBe(false);
  expect(watch.healthy).toBe(false);
  const more = new LossWatch(watch.record);
  for (let i = 0; i < 10; i++) more.add(8);
  expect(more.exploded).toBe(true);
});
