// Days and seconds as integers of the proleptic Gregorian calendar. A date is kept as its ISO digits run together:
// 20240131, or 20240131235959 with a time, so that the order of the integers is that of the dates.

/** Least number that has a time: dates without one have at most 8 digits. */
const WITH_TIME = 1e9;

export function hasTime(digits: number): boolean {
  return digits >= WITH_TIME;
}

export interface CalendarTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(month: number, leap: boolean): number {
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** True for a day and time that there is, from year 1 to 9999; no leap seconds. */
export function isReal({ year, month, day, hour, minute, second }: CalendarTime): boolean {
  if (year < 1 || year > 9999 || month < 1 || month > 12) return false;
  return (
    day >= 1 && day <= daysInMonth(month, isLeapYear(year)) && hour <= 23 && minute <= 59 && second <= 59
  );
}

/** The ISO digits run together; without the time where `withTime` is false. */
export function toDigits(time: CalendarTime, withTime: boolean): number {
  const date = (time.year * 100 + time.month) * 100 + time.day;
  return withTime ? ((date * 100 + time.hour) * 100 + time.minute) * 100 + time.second : date;
}

export function fromDigits(digits: number): CalendarTime {
  const date = hasTime(digits) ? Math.floor(digits / 1e6) : digits;
  const time = hasTime(digits) ? digits % 1e6 : 0;
  return {
    year: Math.floor(date / 1e4),
    month: Math.floor(date / 100) % 100,
    day: date % 100,
    hour: Math.floor(time / 1e4),
    minute: Math.floor(time / 100) % 100,
    second: time % 100,
  };
}

/** Seconds since 1970-01-01T00:00:00. */
export function toSeconds(digits: number): number {
  const { year, month, day, hour, minute, second } = fromDigits(digits);
  return daysSince1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

/** Days since 1970-01-01, with the time of day as a fraction: what distances and scores take dates as. */
export function toDays(digits: number): number {
  return toSeconds(digits) / 86400;
}

/** The ISO digits of seconds since 1970-01-01T00:00:00; NaN outside the years 1 to 9999. */
export function fromSeconds(seconds: number, withTime: boolean): number {
  const at = new Date(seconds * 1000);
  const year = at.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return NaN;
  return toDigits(
    {
      year,
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
    },
    withTime,
  );
}

/** 2024-01-31, or 2024-01-31T23:59:59. */
export function isoText(digits: number): string {
  const { year, month, day, hour, minute, second } = fromDigits(digits);
  const two = (n: number): string => String(n).padStart(2, "0");
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return hasTime(digits) ? `${date}T${two(hour)}:${two(minute)}:${two(second)}` : date;
}

/** Howard Hinnant's days_from_civil, https://howardhinnant.github.io/date_algorithms.html */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
