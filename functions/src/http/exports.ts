type Cell = string | number | boolean | null | readonly string[] | undefined;
type Row<C extends string> = { readonly [K in C]?: Cell };
type Pages<T> = AsyncIterable<readonly T[]>;

/** What makes a spreadsheet take a text for a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;

function csvCell(value: Cell): string {
  if (typeof value !== "string" && !Array.isArray(value)) return String(value ?? "");
  const text = typeof value === "string" ? value : value.join(" ");
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvRow = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(",")}\r\n`;

/** A page a chunk, under a row of column names. */
export async function* csvChunks<T, C extends string>(
  columns: readonly C[],
  pages: Pages<T>,
  rowOf: (item: T) => Row<C>,
): AsyncGenerator<string> {
  let head = csvRow(columns);
  for await (const page of pages) {
    const rows = page.map(rowOf).map((row) => csvRow(columns.map((column) => row[column])));
    yield head + rows.join("");
    head = "";
  }
}

/** A JSON array, one item a line; until its last bracket it does not parse. */
export async function* jsonChunks<T>(
  pages: Pages<T>,
  rowOf: (item: T) => unknown,
): AsyncGenerator<string> {
  let before = "[\n";
  for await (const page of pages) {
    const lines = page.map((item) => JSON.stringify(rowOf(item)));
    if (lines.length === 0) continue;
    yield before + lines.join(",\n");
    before = ",\n";
  }
  yield before === ",\n" ? "\n]\n" : "[]\n";
}
