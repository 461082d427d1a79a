/**
 * Lines of cells as text, columns as wide as their longest cell: the first `nLeft` to the left, figures to the right.
 * No trailing spaces; every line ends in a line break.
 */
export function layOut(lines: readonly string[][], nLeft: number): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) => line.map((cell, i) => (i < nLeft ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))))
    .map((cells) => `${cells.join("  ").trimEnd()}\n`)
    .join("");
}
