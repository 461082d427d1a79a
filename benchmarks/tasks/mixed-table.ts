import { writeFileSync } from "node:fs";
import { Random } from "../../src/random";

const ROWS = 8000;
const SHOPS = 5000;
const DAY_MS = 86_400_000;

/**
 * Writes a made table of what generators trip over: dates, a column of 5,000 categories, numbers heaped at round values,
 * missing cells that come together, and a label that follows from the rest. The same on each call.
 */
export function writeMixedTable(path: string): string {
  const random = new Random("mixed table");
  const lines = Array.from({ length: ROWS }, () => rowOf(random).join(","));
  writeFileSync(path, ["ordered,shipped,shop,hours,amount,discount,member,late", ...lines].join("\n") + "\n");
  return path;
}

function rowOf(random: Random): (string | number)[] {
  const start = Date.UTC(2019, 0, 1) + Math.floor(random.nextFloat() ** 0.7 * 1800) * DAY_MS;
  // Few shops sell much, most sell little.
  const shop = Math.floor(SHOPS * random.nextFloat() ** 2);
  const member = random.nextFloat() < 0.3 + 0.4 * (shop < SHOPS / 10 ? 1 : 0);
  const hours = random.nextFloat() < 0.45 ? 40 : Math.round(8 + 60 * random.nextFloat());
  const exact = Math.exp(2 + 2.5 * random.nextFloat() + (member ? 0.6 : 0));
  const amount = random.nextFloat() < 0.3 ? Math.max(10, 10 * Math.round(exact / 10)) : exact;
  const days = Math.floor(8 * random.nextFloat() ** 2 + (amount > 60 ? 2 : 0));
  const isKnown = random.nextFloat() < 0.85;
  return [
    dayOf(start),
    isKnown ? dayOf(start + days * DAY_MS) : "",
    `shop-${String(shop).padStart(4, "0")}`,
    hours,
    amount.toFixed(2),
    isKnown && member ? (0.05 * Math.floor(5 * random.nextFloat())).toFixed(2) : "",
    member ? "yes" : "no",
    isKnown ? (days > 3 ? "late" : "in time") : "unknown",
  ];
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
