import { inferSchema } from "../../../src/table/infer";
import { parseSchema, schemaToJson } from "../../../src/table/schema-json";
import { tableOf } from "../../support/table-source";

const field = { name: "a", type: "integer", constraints: { minimum: 0, maximum: 9 } };
const failing =
  (json: unknown): (() => unknown) =>
  () =>
    parseSchema(json, "s.json");

describe("parseSchema", () => {
  it("reads what schemaToJson writes", () => {
    const schema = inferSchema(
      tableOf(
        ["a", "b", "c"],
        [
          ["1.50", "x", ""],
          ["NA", "y", ""],
        ],
      ),
      { target: "b" },
    );
    expect(parseSchema(JSON.parse(schemaToJson(schema)))).toEqual(schema);
  });

  it("completes a plain Frictionless schema", () => {
    expect(
      parseSchema({
        missingValues: ["", "-"],
        fields: [
          { ...field, constraints: { ...field.constraints, required: false } },
          { ...field, name: "b", missingValues: [] },
        ],
      }).fields,
    ).toEqual([
      {
        name: "a",
        type: "integer",
        missingValues: ["", "-"],
        constraints: { required: false, minimum: 0, maximum: 9 },
        numberFormat: { decimals: 0, minDecimals: 0 },
      },
      expect.objectContaining({ name: "b", missingValues: [] }),
    ]);
  });

  it.each<[unknown, string]>([
    [[], "expected object but received [] of type array for `schema`"],
    [{ fields: [] }, "expected at least 1 (array) but received [] of type array for `fields`"],
    [
      { fields: [{ name: "a", type: "time" }] },
      'expected one of "string", "boolean", "integer", "number", "date", "datetime" but received "time" of type string for `fields[0].type`',
    ],
    [
      { fields: [{ ...field, constraints: { minimum: "0", maximum: 1 } }] },
      'expected number but received "0" of type string for `fields[0].constraints.minimum`',
    ],
    [
      { fields: [{ ...field, type: "string" }] },
      "expected array but received nothing for `fields[0].constraints.enum`",
    ],
    [
      { fields: [{ ...field, constraints: { minimum: 2, maximum: 1 } }] },
      "expected `fields[0].constraints.minimum` (2) to be at most the maximum (1)",
    ],
    [{ fields: [{ ...field, type: "number" }] }, "`fields[0].numberFormat` is missing"],
    [{ fields: [field, field] }, 'two fields are named "a"'],
    [{ fields: [field], target: "b" }, 'expected the name of a field for `target` but received "b"'],
    [
      { fields: [{ name: "a", type: "string", constraints: { enum: ["x", "x"] } }] },
      '`fields[0].constraints.enum` has "x" twice',
    ],
  ])("refuses %j", (json, message) => {
    expect(failing(json)).toThrow(
      expect.objectContaining({
        code: "E_INPUT",
        message: expect.stringContaining(`s.json: ${message}`) as string,
      }),
    );
  });
});
