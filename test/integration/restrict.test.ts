import { rowFormat } from "../../src/instruct/formats";
import { Tokenizer } from "../../src/model/tokenizer";
import { Random } from "../../src/random";
import { contains, domainOf, fullDomain, valuesOf } from "../../src/rules/domain";
import { compileOrders } from "../../src/sample/compile-orders";
import { TextLanguage } from "../../src/sample/text-language";
import { allPaths } from "../support/paths";
import { smallSchema } from "../support/small-table";
import { tinyModel } from "../support/tiny-model";

const model = tinyModel();

describe.each(["compact", "dict", "text"])(
  "cells of the %s format held to a part of their values",
  (name) => {
    it("write those values and no others", () => {
      const random = new Random("restrict");
      const language = new TextLanguage(rowFormat(name), new Tokenizer(model()));
      const full = smallSchema.fields.map(fullDomain);
      for (let trial = 0; trial < 25; trial++) {
        const domains = full.map((domain) => {
          const values = [...valuesOf(domain)];
          const some = values.filter(() => random.nextInt(2) === 0);
          return domainOf(some.length === 0 ? values.slice(0, 1) : some);
        });
        const order = random.shuffle([0, 1, 2, 3, 4]);
        const { tables, startStates } = compileOrders(smallSchema, language, domains, [{ order }]);
        expect([...startStates]).toEqual([0]);
        const paths = allPaths(tables);
        expect(paths).toHaveLength(domains.reduce((n, domain) => n * [...valuesOf(domain)].length, 1));
        for (const { values } of paths) {
          values.forEach((value, f) => expect(contains(domains[f]!, value ?? undefined)).toBe(true));
        }
      }
    });
  },
);
