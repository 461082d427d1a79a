import { HarmonicError } from "../errors";

/** The error of a column that has no cells: only a language model writes texts. */
export function freeText({ name }: { name: string }): HarmonicError {
  return new HarmonicError(
    "E_USAGE",
    `column "${name}" holds free text, which a table model does not write`,
    {
      hint: "use a language model as the base, or leave the column out",
    },
  );
}
