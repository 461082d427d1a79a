import { inOrderOf } from "../instruct/order";
import type { StageControl } from "../progress";
import { rowCount } from "../table/columns";
import type { RowGroups } from "./groups";
import type { IdentifierColumns } from "./identifiers";
import type { Part, Parts } from "./parts";
import { addCounts, noRedraws, type RedrawCounts } from "./redraw";
import type { Sampler } from "./sampler";

/** What a sampling has done. */
export interface SampleCounts {
  /** rows drawn in this call: the others were found in parts */
  drawn: number;
  /** tokens evaluated in this call */
  tokens: number;
  /** draws thrown away, of all rows */
  redraws: RedrawCounts;
}

export const noCounts = (): SampleCounts => ({ drawn: 0, tokens: 0, redraws: noRedraws() });

export interface StreamOptions extends StageControl {
  sampler: Sampler;
  groups: RowGroups;
  identifiers: IdentifierColumns;
  /** where finished groups are kept, and taken from */
  parts?: Parts;
  /** added to */
  counts?: SampleCounts;
}

/**
 * The groups of a sampling in order, each kept in parts before it is yielded. While the caller works on one the next are
 * drawn, as many as the sampler draws at once.
 */
export async function* streamGroups(options: StreamOptions): AsyncGenerator<Part & { g: number }> {
  const { sampler, groups, identifiers, parts, counts = noCounts(), signal, onProgress } = options;
  const { explain } = sampler.settings;
  const ended = new AbortController();
  const stop = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  let done = 0;
  let current = groups.first;
  let reported = -1;
  const report = (more: number): void => {
    if (done + more <= reported) return;
    reported = done + more;
    onProgress?.({ stage: "sample", done: reported, total: groups.total, unit: "rows" });
  };

  const draw = async (g: number): Promise<{ part: Part; tokens?: number }> => {
    const nRows = groups.rowsOf(g);
    const kept = await parts?.read(g, nRows, explain);
    if (kept) {
      sampler.remember(kept.columns);
      return { part: kept };
    }
    // Rows of the group that runs ahead count once it is the one waited for.
    const onRows = (n: number): void => (g === current ? report(n) : undefined);
    const { nTokens, ...part } = await sampler.group(g, nRows, { signal: stop, onRows });
    const made = identifiers.of(g * groups.groupRows, nRows);
    const columns = inOrderOf(sampler.schema, [...part.columns, ...made]);
    return { part: { ...part, columns }, tokens: nTokens };
  };

  report(0);
  const ahead: ReturnType<typeof draw>[] = [];
  let next = groups.first;
  const drawAhead = (): void => {
    while (next < groups.end && ahead.length < sampler.groupsAtOnce) {
      const drawn = draw(next++);
      drawn.catch(() => undefined); // reported when it is awaited, unless the caller stops before
      ahead.push(drawn);
    }
  };
  try {
    for (let g = groups.first; g < groups.end; g++) {
      current = g;
      drawAhead();
      const { part, tokens } = await ahead.shift()!;
      drawAhead();
      if (tokens !== undefined) {
        await parts?.save(g, part);
        counts.drawn += rowCount(part.columns);
        counts.tokens += tokens;
      }
      addCounts(counts.redraws, part.counts);
      done += groups.rowsOf(g);
      report(0);
      yield { g, ...part };
    }
  } finally {
    ended.abort();
    await Promise.allSettled(ahead);
  }
}
