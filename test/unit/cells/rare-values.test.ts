import { rareValues } from "../../../src/cells/rare-values";
import { cellTable } from "../../support/cells";
import { tableOf } from "../../support/table-source";

it("tells how many categories of how many rows are left out", () => {
  const cities = ["rome", "rome", "rome", "oslo", "oslo", "lima", null, "rome"];
  const source = tableOf(
    ["city", "kind"],
    cities.map((city, i) => [city, i % 2 === 0 ? "a" : "b"]),
  );
  const rare = (protectRare: number) => {
    const { language, columns } = cellTable(source, { protectRare });
    return rareValues(language.toJson(), columns);
  };
  expect(rare(3)).toEqual([{ column: "city", values: 2, rows: 3 }]);
  expect(rare(2)).toEqual([{ column: "city", values: 1, rows: 1 }]);
  expect(rare(0)).toEqual([]);
});
