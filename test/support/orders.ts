import { writeFileSync } from "node:fs";
import { Random } from "../../src/random";

const DAY_MS = 86_400_000;
const CITIES = ["Berlin", "Bonn", "Lyon", "Paris"];
/** What follows from the city. */
export const COUNTRY: Record<string, string> = { Berlin: "de", Bonn: "de", Lyon: "fr", Paris: "fr" };

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Writes a made table with dates, heaped numbers, cells that are missing together and one column that tells another. */
export function writeOrders(path: string, nRows: number): string {
  const random = new Random("orders");
  const lines = Array.from({ length: nRows }, () => {
    const city = CITIES[random.nextInt(CITIES.length)]!;
    const start = Date.UTC(2021, 0, 1) + random.nextInt(700) * DAY_MS;
    const isKnown = random.nextFloat() < 0.8;
    const hours = random.nextFloat() < 0.5 ? 40 : 10 + random.nextInt(50);
    const amount = Math.exp(6 * random.nextFloat()).toFixed(2);
    const shipped = isKnown ? dayOf(start + random.nextInt(9) * DAY_MS) : "";
    const discount = isKnown ? (-2 + random.nextInt(5)).toString() : "";
    return [city, COUNTRY[city], dayOf(start), shipped, hours, amount, discount].join(",");
  });
  writeFileSync(path, `${["city,country,ordered,shipped,hours,amount,discount", ...lines].join("\n")}\n`);
  return path;
}
