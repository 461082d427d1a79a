import type { ResolvedBase } from "./resolve";

/** What a base may be called beside a model: random weights made for the table, or whichever suits it. */
export const TABLE_BASE = "table";
export const AUTO_BASE = "auto";

/** The base of table models in run.json: there is no file, for what training begins with follows from table and settings. */
export const NO_FILE_BASE: ResolvedBase = { name: TABLE_BASE, path: "", sha256: "" };

export const isTableBase = (base: { name: string } | undefined): boolean => base?.name === TABLE_BASE;
