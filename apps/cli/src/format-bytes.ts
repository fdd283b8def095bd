const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size in decimal units, three digits: "512 B", "4.70 MB", "12.3 GB". */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}
