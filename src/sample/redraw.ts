import { HarmonicError } from "../errors";
import { selectRows, type Column } from "../table/columns";
import { joinColumns } from "./drawn";

/** Draws that were thrown away, by reason. */
export interface RedrawCounts {
  /** equal to a row trained on */
  copies: number;
  /** nearer to one than allowed */
  near: number;
  /** against a rule, or ended by one that nothing could satisfy any more */
  failed: number;
}

export const noRedraws = (): RedrawCounts => ({ copies: 0, near: 0, failed: 0 });

export function addCounts(to: RedrawCounts, from: Readonly<RedrawCounts>): void {
  to.copies += from.copies;
  to.near += from.near;
  to.failed += from.failed;
}

/** Rows of one pass of the generator, judged. */
export interface JudgedPass {
  columns: Column[];
  /** what is known about each row, where that is asked for */
  explained?: Column[];
  /** why a row may not stand; undefined: it may */
  reasons: readonly (keyof RedrawCounts | undefined)[];
  nTokens: number;
}

export interface GroupDraws {
  nRows: number;
  /** what a row is called, by its place in the group */
  nameOf: (row: number) => string;
  /** most rows of a pass */
  nSequences: number;
  /** most draws of one row */
  attempts: number;
  /** Draws these rows of the group, for the (attempt + 1)-th time. What it gives depends on them alone. */
  draw: (rows: readonly number[], attempt: number) => Promise<JudgedPass>;
  /** told how many rows of the group are drawn for good */
  onRows?: ((done: number) => void) | undefined;
}

export interface DrawnRows {
  columns: Column[];
  explained?: Column[];
  /** draws of each row that were thrown away, shape (nRows) */
  redraws: Int32Array;
  counts: RedrawCounts;
  nTokens: number;
}

/** A group of which so many draws for each attempt allowed gave no row at all is not worth more. */
const FUTILE_DRAWS = 10;

/**
 * Draws the rows of a group, and those that may not stand again, until all may.
 * @throws E_MODEL with the figures where a row was drawn `attempts` times in vain, or ten times as many draws gave no
 *   row at all
 */
export async function drawRows(group: GroupDraws): Promise<DrawnRows> {
  const { nRows, nSequences, attempts } = group;
  const pieces: JudgedPass[] = [];
  const placeOf = new Int32Array(nRows); // of each row among those of all pieces
  const redraws = new Int32Array(nRows);
  const counts = noRedraws();
  let pending = Array.from({ length: nRows }, (_, i) => i);
  let nDrawn = 0;
  for (let attempt = 0; pending.length > 0; attempt++) {
    const futile = pending.length === nRows && nDrawn >= FUTILE_DRAWS * attempts;
    if (attempt === attempts || futile) throw exhausted(group, pending, nDrawn, counts);
    const again: number[] = [];
    for (let start = 0; start < pending.length; start += nSequences) {
      const rows = pending.slice(start, start + nSequences);
      const pass = await group.draw(rows, attempt);
      rows.forEach((row, i) => {
        const reason = pass.reasons[i];
        placeOf[row] = nDrawn + i;
        if (reason === undefined) return;
        counts[reason]++;
        redraws[row]!++;
        again.push(row);
      });
      nDrawn += rows.length;
      pieces.push(pass);
      group.onRows?.(nRows - again.length - (pending.length - start - rows.length));
    }
    pending = again;
  }
  const collect = (columnsOf: (piece: JudgedPass) => Column[]): Column[] => {
    const all = joinColumns(pieces.map(columnsOf));
    return nDrawn === nRows ? all : selectRows(all, placeOf);
  };
  const isExplained = pieces.every(({ explained }) => explained !== undefined);
  return {
    columns: collect(({ columns }) => columns),
    ...(isExplained && { explained: collect(({ explained }) => explained!) }),
    redraws,
    counts,
    nTokens: pieces.reduce((sum, { nTokens }) => sum + nTokens, 0),
  };
}

function exhausted(
  { nRows, nameOf, attempts }: GroupDraws,
  pending: readonly number[],
  nDrawn: number,
  { copies, near, failed }: RedrawCounts,
): HarmonicError {
  const figures = [
    copies > 0 && `${copies} equal a row trained on`,
    near > 0 && `${near} are nearer to one than allowed`,
    failed > 0 && `${failed} break a rule`,
  ].filter(Boolean);
  const hints = [
    copies > 0 && "--allow-copies keeps copies (a table of few distinct rows has little else)",
    near > 0 && "a smaller --min-distance keeps more",
    failed > 0 && "check that the rules leave enough rows that the model knows",
    `--attempts above ${attempts} goes on from the rows finished so far`,
  ].filter(Boolean);
  return new HarmonicError(
    "E_MODEL",
    `no ${nameOf(pending[0]!)} that may stand: of ${nDrawn} draws for ${nRows} rows ${figures.join(", ")}`,
    { hint: hints.join("; ") },
  );
}
