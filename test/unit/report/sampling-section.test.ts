import { samplingSection } from "../../../src/report/sampling-section";

it("tells the redraws, and the columns from the weakest on", () => {
  const section = samplingSection({
    rows: 50,
    redraws: { copies: 3, near: 0, failed: 2 },
    allowedMass: { age: 0.99, "<city>": 0.25 },
    rare: { fewerThan: 3, values: { "<city>": 4 }, rows: { "<city>": 5 } },
  })!.text;
  expect(section).toContain("Drawn again for 50 rows: 3 equal to a row trained on");
  expect(section).toContain("2 against a rule");
  expect(section.indexOf("&lt;city&gt;")).toBeLessThan(section.indexOf("age"));
  expect(section).toContain("0.2500");
  expect(section).toContain("fewer than 3 rows");
  expect(section).toContain("4 of &lt;city&gt; (in 5 rows)");
  expect(samplingSection(undefined)).toBeUndefined();
});
