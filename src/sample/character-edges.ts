import { HarmonicError } from "../errors";
import { ACTION_NONE, ACTION_POWER_OF_TEN, connectAll, type Exit, type Node } from "./graph";

/** Where a cell that is written character by character stands. */
export interface CharacterCell {
  /** tokens of one character */
  tokensOf: (character: string) => readonly number[];
  exit: Exit;
  column: number;
  columnName: string;
}

/** Connects the states of such a cell. @throws E_MODEL where the text behind it could go on with the cell */
export class CharacterEdges {
  /** @param kind what is written, for the message: "number" */
  constructor(
    private readonly cell: CharacterCell,
    private readonly kind: string,
  ) {}

  connect(node: Node, character: string, to: Node, action = ACTION_NONE): void {
    const { tokensOf, column } = this.cell;
    if (!connectAll(node, tokensOf(character), to, column, action)) throw this.ambiguous();
  }

  connectDigit(node: Node, digit: number, to: Node): void {
    this.connect(node, String(digit), to, digit);
  }

  /** The end of the cell: zeros that were not written are put back by a power of ten. */
  leave(node: Node, nZeros: number): void {
    const { exit, column } = this.cell;
    const action = nZeros === 0 ? ACTION_NONE : ACTION_POWER_OF_TEN + nZeros;
    if (!node.connect(exit.tokens[0]!, exit.nodes[0]!, column, action)) throw this.ambiguous();
  }

  private ambiguous(): HarmonicError {
    const { columnName } = this.cell;
    return new HarmonicError(
      "E_MODEL",
      `column "${columnName}": the base model's tokens do not tell the end of a ${this.kind} from its digits`,
      { hint: "use another base model or format" },
    );
  }
}
