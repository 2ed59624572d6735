const HOUR_MS = 3_600_000;

/** How busy an hour of the day is (UTC), 1 = average: quiet nights, busy evenings. */
const HOURS = [0.5, 0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 0.8, 1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.2, 1.2, 1.3, 1.5, 1.7, 1.8, 1.6, 1.2, 0.8];
/** How busy a day of the week is, Sunday first, 1 = average. */
const DAYS = [1.35, 1.1, 0.95, 0.9, 0.85, 0.85, 1];

/** Activity at a time relative to the average hour. */
export function activityAt(time: number): number {
  const date = new Date(time);
  return (HOURS[date.getUTCHours()] ?? 1) * (DAYS[date.getUTCDay()] ?? 1);
}

/** Mean time between two arrivals at `time`, ms, when an average day sees `perDay` of them. */
export function meanGap(time: number, perDay: number): number {
  return (24 * HOUR_MS) / perDay / activityAt(time);
}
