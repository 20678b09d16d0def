/** The same day and time (UTC) months later, or that month's last day where it is shorter. */
export function monthsAfter(start: number, months: number): number {
  // biome-ignore lint/style/noRestrictedGlobals: it reads no clock
  const end = new Date(start);
  const day = end.getUTCDate();
  end.setUTCMonth(end.getUTCMonth() + months + 1, 0);
  end.setUTCDate(Math.min(day, end.getUTCDate()));
  return end.getTime();
}
