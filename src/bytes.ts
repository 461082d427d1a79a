const UNITS = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 };
/** An amount with a unit of 1000 or 1024, or bytes. */
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?$/i;

/** "2GB", "1.5GiB", "900MB" as bytes; undefined where it is no size. */
export function parseBytes(text: string): number | undefined {
  const [, amount, unit] = SIZE_PATTERN.exec(text.trim()) ?? [];
  const factor = UNITS[unit?.toLowerCase() as keyof typeof UNITS];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** "1.21 GB", "340 MB" */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
