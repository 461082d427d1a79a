import { HarmonicError } from "../errors";
import { compact } from "./compact";
import { dict } from "./dict";
import type { FormatName, RowFormat } from "./format";
import { text } from "./text";

const formats: Readonly<Record<FormatName, RowFormat>> = { compact, dict, text };

const FORMAT_NAMES = Object.keys(formats) as FormatName[];

/** The row format of this name; E_USAGE for any other. */
export function rowFormat(name: string): RowFormat {
  const format = Object.hasOwn(formats, name) ? formats[name as FormatName] : undefined;
  if (format) return format;
  throw new HarmonicError(
    "E_USAGE",
    `expected one of ${FORMAT_NAMES.join(", ")} for \`format\` but received "${name}"`,
    {
      hint: "compact needs the fewest tokens; dict is the original method's",
    },
  );
}
