/**
 * Lines of a table in columns two blanks apart.
 * @param rows all with the same number of cells; the first is the heading.
 * @param alignRight numbers of the columns whose cells end flush.
 */
export function formatTable(rows: readonly (readonly string[])[], alignRight: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return alignRight.includes(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, one pair a line. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  return formatTable(fields.map(([name, value]) => [`${name}:`, value]));
}
