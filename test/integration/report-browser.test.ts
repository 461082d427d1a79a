import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../../src/evaluate/evaluate";
import { renderReport } from "../../src/report/report";
import { selectRows, type Column } from "../../src/table/columns";
import { BrowserPage, findBrowser } from "../support/browser";
import { categories, makePeople, numbers, schemaOf, shuffleColumns } from "../support/people";
import { temporaryFolder } from "../support/temporary";

const EVIL = `</script><script>document.title = "broken"</script>`;
const browser = findBrowser();
const folder = temporaryFolder();

/** Twenty columns, one of them with a name and a value that try to break out. */
function makeTable(n: number, seed: number): Column[] {
  const people = makePeople(n, seed);
  const more = Array.from({ length: 15 }, (_, i) =>
    numbers(
      `n${i}`,
      Array.from({ length: n }, (_, row) => ((row * (i + 7) * 31 + seed) % 97) * 10),
    ),
  );
  const evil = categories(
    EVIL,
    ["plain", EVIL],
    Array.from({ length: n }, (_, row) => row % 2),
  );
  return [...people, ...more, evil];
}

async function makeReport(): Promise<string> {
  const all = makeTable(400, 1);
  const part = (from: number, to: number): Column[] =>
    selectRows(
      all,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    );
  const train = part(0, 200);
  const schema = schemaOf(all, "label");
  const synthetic = [
    { name: EVIL, columns: part(200, 300) },
    { name: "shuffled", columns: shuffleColumns(train, 4) },
  ];
  const evaluation = await evaluate({
    schema,
    train,
    test: part(300, 350),
    holdout: part(350, 400),
    synthetic,
  });
  const training = [1, 2, 3].map((step) => ({
    ...{ step, lossPerRow: 30 - step, validationLossPerRow: 31 - step },
    validationLossPerColumn: { [EVIL]: 2, label: 1 },
  }));
  return renderReport({ title: EVIL, evaluation, schema, train, synthetic, training, settings: { seed: 1 } });
}

if (browser === undefined) {
  console.warn(
    "no Chromium on PATH (Debian: apt-get install chromium): the report is not opened in a browser",
  );
}

(browser === undefined ? describe.skip : describe)("the report in a browser", () => {
  let page: BrowserPage;
  let report: string;

  beforeAll(async () => {
    report = await makeReport();
    const path = join(folder, "report.html");
    writeFileSync(path, report);
    page = await BrowserPage.open(browser!, path);
  }, 120_000);
  afterAll(() => page.close());

  test("draws every chart, without an error and without a request but for itself", async () => {
    const places = await page.evaluate<number>(`document.querySelectorAll("[data-chart]").length`);
    // two tables: learners, columns, three maps, a plane and distances each, losses
    expect(places).toBe(1 + 20 + 2 * (3 + 1 + 1) + 1 + 2);
    const undrawn = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll("[data-chart]"))
        .filter((place) => place.querySelectorAll("svg [class*=mark-] path, svg [class*=mark-] rect, svg [class*=mark-] line").length === 0)
        .map((place) => place.getAttribute("aria-label") + place.textContent)`,
    );
    expect(undrawn).toEqual([]);
    expect(page.errors).toEqual([]);
    expect(page.requests).toHaveLength(1);
    expect(page.requests[0]).toMatch(/^file:.*report\.html$/);
  });

  test("names cannot break out, and twenty columns stay under 3 MB", async () => {
    expect(await page.evaluate("document.title")).toBe(EVIL);
    expect(Buffer.byteLength(report)).toBeLessThan(3e6);
  });

  test.each([
    { width: 360, scheme: "light" },
    { width: 1200, scheme: "dark" },
    { width: 700, scheme: "light", media: "print" },
  ])("fits the page: %o", async (look) => {
    await page.show(look);
    const [wide, shown] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    expect(wide).toBeLessThanOrEqual(shown);
  });

  test("takes the reader's colours", async () => {
    const paper = async (scheme: string, media = ""): Promise<string> => {
      await page.show({ width: 1200, scheme, media });
      return page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    };
    expect(await paper("light")).toBe("rgb(255, 255, 255)");
    expect(await paper("dark")).toBe("rgb(20, 23, 26)");
    expect(await paper("dark", "print")).toBe("rgb(255, 255, 255)");
  });

  test("every wide part and every section can be reached by keyboard", async () => {
    const [scrolls, reachable] = await page.evaluate<[number, number]>(
      `[document.querySelectorAll(".scroll").length, document.querySelectorAll(".scroll[tabindex='0']").length]`,
    );
    expect(reachable).toBe(scrolls);
    const dead = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll("nav a")).map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id))`,
    );
    expect(dead).toEqual([]);
  });
});
