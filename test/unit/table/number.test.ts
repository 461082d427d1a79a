import { decimalsOf, formatScaled, fromScaled, parseDecimal, toScaled } from "../../../src/table/number";

describe("parseDecimal", () => {
  it.each(["0", "10", "-3", "+4", "10.0", "0.50", ".5", "5.", "1e5", "2.5E-3", " 7 ", "-0"])(
    "reads %j",
    (text) => {
      expect(parseDecimal(text)).toBeDefined();
    },
  );

  it.each([
    "",
    "007",
    "00",
    "-01",
    "1,000",
    "0x10",
    "1.2.3",
    "NaN",
    "Infinity",
    "1e",
    "e5",
    ".",
    "12a",
    "1 2",
  ])("does not read %j", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("counts the decimals that a value needs", () => {
    const needed = (text: string): number => decimalsOf(parseDecimal(text)!);
    expect(["10.0", "0.50", "1e5", "2.5e-3", "0", "100"].map(needed)).toEqual([0, 1, 0, 4, 0, 0]);
  });
});

describe("toScaled", () => {
  const scaled = (text: string, decimals: number, rounding?: "up" | "down"): number =>
    toScaled(parseDecimal(text)!, decimals, rounding);

  it("shifts the point exactly", () => {
    expect(scaled("0.1", 1)).toBe(1);
    expect(scaled("1.005", 3)).toBe(1005);
    expect(scaled("-12.50", 2)).toBe(-1250);
    expect(scaled("1e3", 2)).toBe(100_000);
    expect(scaled("123456789.123456", 6)).toBe(123456789123456);
  });

  it("rounds half away from zero, or towards an infinity", () => {
    expect([scaled("0.25", 1), scaled("-0.25", 1), scaled("0.249", 1)]).toEqual([3, -3, 2]);
    expect([scaled("0.21", 1, "up"), scaled("0.29", 1, "down")]).toEqual([3, 2]);
    expect([scaled("-0.21", 1, "up"), scaled("-0.29", 1, "down")]).toEqual([-2, -3]);
    expect(scaled("0.001", 1)).toBe(0);
  });

  it("never gives minus zero", () => {
    expect(Object.is(scaled("-0.0", 1), 0)).toBe(true);
    expect(Object.is(scaled("-0.04", 1), 0)).toBe(true);
  });
});

describe("formatScaled", () => {
  it("cuts trailing zeros down to minDecimals and pads up to it", () => {
    expect(formatScaled(1250, 2, 2)).toBe("12.50");
    expect(formatScaled(1250, 2, 1)).toBe("12.5");
    expect(formatScaled(1200, 2, 0)).toBe("12");
    expect(formatScaled(10, 0, 1)).toBe("10.0");
    expect(formatScaled(-5, 2, 0)).toBe("-0.05");
    expect(formatScaled(0, 3, 1)).toBe("0.0");
    expect(formatScaled(100, 0, 0)).toBe("100");
  });

  it("is undone by parsing", () => {
    for (let scaled = -2000; scaled <= 2000; scaled += 7) {
      for (const minDecimals of [0, 1, 2, 3]) {
        expect(toScaled(parseDecimal(formatScaled(scaled, 2, minDecimals))!, 2)).toBe(scaled);
      }
    }
  });
});

it("fromScaled gives the double nearest to the decimal", () => {
  expect(fromScaled(3, 1)).toBe(0.3);
  expect(fromScaled(1005, 3)).toBe(1.005);
  expect(fromScaled(5, 25)).toBe(5e-25);
});
