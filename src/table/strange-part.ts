import { HarmonicError } from "../errors";

/** The error of a file that cannot be joined to the first. */
export function strangePart(file: string, first: string, what: string): HarmonicError {
  return new HarmonicError("E_INPUT", `${file} is no part of the table of ${first}: it has ${what}`, {
    hint: "give the parts of one sampling alone",
  });
}
