import { rowFormat } from "../../src/instruct/formats";
import { Tokenizer } from "../../src/model/tokenizer";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { LessonWriter } from "../../src/train/lesson";
import { smallColumns, smallSchema } from "../support/small-table";
import { tinyModel } from "../support/tiny-model";

const model = tinyModel();

describe("a lesson in an order of its own", () => {
  const columns = smallColumns([
    [0, 8, 0, 1, 0],
    [1, 12, 2, -1, 0],
  ]);
  const order = [2, 4, 0, 3, 1];
  const lessonOf = (name: "compact" | "dict", vocabulary: "allowed" | "full") => {
    const format = rowFormat(name);
    const automaton = new RowAutomaton(smallSchema, new TextLanguage(format, new Tokenizer(model())), true);
    const options = { description: "", loss: "all", vocabulary, eos: model().info().eos } as const;
    const lesson = new LessonWriter(automaton, columns, options).write(Int32Array.of(0, 1), order);
    return { automaton, lesson, text: model().detokenize(lesson.tokens) };
  };

  it("names the columns in that order, and writes rows so", () => {
    expect(lessonOf("compact", "allowed").text).toBe(
      "Columns: change|unit|sex|note|age\n0.0|only|female|mal|8\n0.2|only|male||12\n",
    );
    expect(lessonOf("dict", "allowed").text).toContain(
      '{"change": "0.0", "unit": "only", "sex": "female", "note": "mal", "age": "8"}',
    );
  });

  it("puts loss on what the decoder may choose, by column", () => {
    const { automaton, lesson } = lessonOf("compact", "allowed");
    const { vocabulary, allowedSets } = automaton;
    expect(new Set(lesson.columns)).toEqual(new Set([0, 1, 2, 3]));
    lesson.lossPositions.forEach((position, p) => {
      expect(vocabulary[lesson.labels[p]!]).toBe(lesson.tokens[position + 1]);
      expect(allowedSets[lesson.sets[p]! * vocabulary.length + lesson.labels[p]!]).toBe(1);
    });
    expect(lessonOf("compact", "full").lesson.labels.length).toBeGreaterThan(lesson.labels.length);
  });
});
