/**
 * Escapes with a backslash every character of `special` (letter by character), line ends and the backslash
 * itself, so that the result holds none of them raw and no two texts become the same.
 */
export function escapeText(text: string, special: Readonly<Record<string, string>> = {}): string {
  let escaped = "";
  for (const c of text) {
    const letter = c === "\\" ? "\\" : c === "\n" ? "n" : c === "\r" ? "r" : special[c];
    escaped += letter === undefined ? c : `\\${letter}`;
  }
  return escaped;
}
