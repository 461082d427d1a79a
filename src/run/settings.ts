/** In run.json null stands for "by default". */
export function withoutNulls<T extends object>(settings: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(settings ?? {}).filter(([, value]) => value !== null),
  ) as Partial<T>;
}
