/**
 * What the pieces of work give, in their order; begun one after another, so many at once. After a failure no more are begun,
 * and those that run are waited for: nothing goes on behind the caller's back.
 * @throws the first failure
 */
export async function inTurns<T>(work: readonly (() => Promise<T>)[], atOnce: number): Promise<T[]> {
  const results: T[] = new Array<T>(work.length);
  const failures: unknown[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < work.length && failures.length === 0) {
      const at = next++;
      try {
        results[at] = await work[at]!();
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  if (failures.length > 0) throw failures[0];
  return results;
}
