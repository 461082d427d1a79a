import { HarmonicError } from "../errors";
import { ACTION_MISSING, ACTION_NONE, type Exit, Node } from "./graph";

/** A cell of free text: any of the pieces, one behind another, within limits that the decoder keeps. */
export interface TextCell {
  /** token ids, each with the number of characters that begin in it */
  pieces: ReadonlyMap<number, number>;
  /** tokens of a missing cell; undefined where no cell may be missing */
  missing: readonly number[] | undefined;
}

/**
 * The state of a text, whose edges lead back to it, and before it those of a missing cell. Where the text of a missing
 * cell could also begin a text (no whole text reads like it), both ways are one for as long as they are the same.
 * @throws E_MODEL where the text behind the cell could go on with the text
 */
export function textCell(cell: TextCell, exit: Exit, column: number, columnName: string): Node {
  const { pieces, missing } = cell;
  const end = exit.tokens[0]!;
  if (pieces.has(end)) {
    throw new HarmonicError(
      "E_MODEL",
      `column "${columnName}": the base model's tokens do not tell the end of a text from its characters`,
      { hint: "use another base model or format" },
    );
  }
  const text = new Node();
  const goOn = (node: Node): void => {
    for (const [token, begun] of pieces) node.edges.set(token, { to: text, column, action: begun });
  };
  goOn(text);
  text.edges.set(end, { to: exit.nodes[0]!, column, action: ACTION_NONE });
  if (!missing) return text;

  const root = new Node();
  let node = root;
  let isText = true;
  goOn(root);
  for (const token of missing) {
    const begun: number | undefined = isText ? pieces.get(token) : undefined;
    isText = begun !== undefined;
    const next = new Node();
    node.edges.set(token, { to: next, column: isText ? column : -1, action: begun ?? ACTION_NONE });
    if (isText) {
      goOn(next);
      next.edges.set(end, { to: exit.nodes[0]!, column, action: ACTION_NONE });
    }
    node = next;
  }
  node.edges.set(end, { to: exit.nodes[0]!, column, action: ACTION_MISSING });
  return root;
}
