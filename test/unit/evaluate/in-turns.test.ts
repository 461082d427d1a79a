import { inTurns } from "../../../src/evaluate/in-turns";

/** Lets other work go on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("results come in the order of the work, however long each piece takes, and never more at once", async () => {
  let running = 0;
  let most = 0;
  const work = [5, 1, 3, 0, 2].map((turns, i) => async () => {
    most = Math.max(most, ++running);
    for (let t = 0; t < turns; t++) await turn();
    running--;
    return i;
  });
  expect(await inTurns(work, 2)).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});

test("after a failure nothing more is begun, and what runs is waited for", async () => {
  const done: string[] = [];
  const work = [
    () => Promise.reject(new Error("first")),
    async () => {
      await turn();
      done.push("second");
    },
    () => Promise.resolve(done.push("third")),
  ];
  await expect(inTurns<unknown>(work, 2)).rejects.toThrow("first");
  expect(done).toEqual(["second"]);
});
