import type { Random } from "../random";

/** Most columns that a score takes apart or pairs; of more, so many are drawn. */
const MAX_COLUMNS = 200;

/** Some of these columns, in their order; all of them where they are few. */
export function chooseColumns(columns: readonly number[], random: Random): number[] {
  if (columns.length <= MAX_COLUMNS) return [...columns];
  return random
    .shuffle([...columns])
    .slice(0, MAX_COLUMNS)
    .sort((a, b) => a - b);
}
