/** A regular expression of the integers of 0 or more from lowest to highest, without leading zeros. */
export function wholeNumbers(lowest: number, highest: number): string {
  if (lowest < 0 || lowest > highest)
    throw new Error(`expected 0 <= lowest <= highest but received ${lowest}, ${highest}`);
  const parts: string[] = [];
  const longest = String(highest).length;
  for (let length = String(lowest).length; length <= longest; length++) {
    const from = length === String(lowest).length ? String(lowest) : `1${"0".repeat(length - 1)}`;
    const to = length === longest ? String(highest) : "9".repeat(length);
    parts.push(...between(from, to));
  }
  return parts.join("|");
}

/** Numbers of as many digits as both have. */
function between(from: string, to: string): string[] {
  const rest = from.length - 1;
  if (/^0*$/.test(from) && /^9*$/.test(to)) return [digits(from.length)];
  const [first, last] = [Number(from[0]), Number(to[0])];
  if (first === last) return between(from.slice(1), to.slice(1)).map((part) => `${first}${part}`);
  const low = rest === 0 || /^0+$/.test(from.slice(1)) ? first : first + 1;
  const high = rest === 0 || /^9+$/.test(to.slice(1)) ? last : last - 1;
  return [
    ...(low > first ? between(from.slice(1), "9".repeat(rest)).map((part) => `${first}${part}`) : []),
    ...(low <= high ? [`${low === high ? low : `[${low}-${high}]`}${digits(rest)}`] : []),
    ...(high < last ? between("0".repeat(rest), to.slice(1)).map((part) => `${last}${part}`) : []),
  ];
}

const digits = (n: number): string => (n === 0 ? "" : n === 1 ? "[0-9]" : `[0-9]{${n}}`);
