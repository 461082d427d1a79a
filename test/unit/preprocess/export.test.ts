import { rowFormat } from "../../../src/instruct/formats";
import { exportLines, type ExportName } from "../../../src/preprocess/export";
import type { FormatName } from "../../../src/instruct/format";
import { categories, numbers, schemaOf } from "../../support/people";

const columns = [numbers("age", [30, 40, 50]), categories("job", ["cook", "clerk"], [0, 1, 0])];
const lines = (name: ExportName, format: FormatName): unknown[] => {
  const data = { columns, schema: schemaOf(columns), description: "", k: 1 };
  const groups = [Int32Array.of(1, 0), Int32Array.of(0, 2)];
  return [...exportLines(name, { ...data, format: rowFormat(format), groups })].map(
    (line) => JSON.parse(line) as unknown,
  );
};

describe("exportLines", () => {
  it("writes ShareGPT conversations of the prompt and the row", () => {
    const [first, ...rest] = lines("sharegpt", "dict");
    expect(rest).toHaveLength(1);
    expect(first).toEqual({
      conversations: [
        {
          from: "human",
          value: expect.stringMatching(
            /^Here are 1 .*\nExample one: \{"age": "40", .*Generate one sample: $/s,
          ) as string,
        },
        { from: "gpt", value: '{"age": "30", "job": "cook"}' },
      ],
    });
  });

  it("writes TRL's prompt and completion as the model reads them when it samples", () => {
    expect(lines("trl", "compact")[0]).toEqual({
      prompt: "Columns: age|job\n40|clerk\n",
      completion: "30|cook\n",
    });
    const [wrapped] = lines("trl", "dict") as { prompt: string; completion: string }[];
    expect(wrapped!.prompt).toMatch(/^Human: \nHere are 1 .*Generate one sample: \n\nAssistant: \n$/s);
    expect(wrapped!.completion).toBe('{"age": "30", "job": "cook"}');
  });
});
