import { formatBytes, parseBytes } from "../../src/bytes";

it.each([
  ["2GB", 2e9],
  ["1.5GiB", 1.5 * 2 ** 30],
  ["900MB", 9e8],
  ["900 mb", 9e8],
  ["64k", 64e3],
  ["123456", 123456],
])("reads %s", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

it.each(["", "GB", "two", "-1GB", "1e9", "3 bytes"])("finds no size in %j", (text) =>
  expect(parseBytes(text)).toBeUndefined(),
);

it("writes sizes as people do", () => {
  expect([1.214e9, 340e6, 1].map(formatBytes)).toEqual(["1.21 GB", "340 MB", "1 MB"]);
});
