import {
  contains,
  domainOf,
  intersect,
  sameDomain,
  sizeOf,
  unite,
  valuesOf,
  without,
} from "../../../src/rules/domain";
import { Random } from "../../../src/random";

const WHOLE = domainOf([...Array.from({ length: 20 }, (_, i) => i), undefined]);

it("computes with sets of values as with lists of them", () => {
  const random = new Random("domains");
  const some = () => [...valuesOf(WHOLE)].filter(() => random.nextInt(3) === 0);
  for (let trial = 0; trial < 200; trial++) {
    const [a, b] = [some(), some()];
    const [x, y] = [domainOf(a), domainOf(b)];
    expect([...valuesOf(x)]).toEqual(a);
    expect(sizeOf(x)).toBe(a.length);
    expect([...valuesOf(intersect(x, y))]).toEqual(a.filter((value) => b.includes(value)));
    expect(sameDomain(unite(x, y), domainOf([...a, ...b]))).toBe(true);
    expect([...valuesOf(without(x, y))]).toEqual(a.filter((value) => !b.includes(value)));
    for (const value of valuesOf(WHOLE)) expect(contains(x, value)).toBe(a.includes(value));
  }
});
