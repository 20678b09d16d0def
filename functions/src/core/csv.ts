/** The rows of a CSV text (RFC 4180), a line feed alone being a line's end too; `undefined` where a quote is not closed. */
export function csvRows(text: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const cell = text[at] === '"' ? quoted(text, at + 1) : plain(text, at);
    if (!cell) return undefined;
    row.push(cell.value);
    at = cell.end;
    if (text[at] === ",") {
      at += 1;
      // A comma at the very end has an empty cell after it.
      if (at < text.length) continue;
      row.push("");
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
    if (at < text.length && text[at] !== "\n") return undefined;
    at += 1;
    rows.push(row);
    row = [];
  }
  return rows;
}

type Cell = { readonly value: string; readonly end: number };

const ENDS = /[,\r\n]/g;

function plain(text: string, from: number): Cell {
  ENDS.lastIndex = from;
  const end = ENDS.exec(text)?.index ?? text.length;
  return { value: text.slice(from, end), end };
}

function quoted(text: string, from: number): Cell | undefined {
  const parts: string[] = [];
  for (let start = from; ; ) {
    const quote = text.indexOf('"', start);
    if (quote < 0) return undefined;
    parts.push(text.slice(start, quote));
    if (text[quote + 1] !== '"') return { value: parts.join('"'), end: quote + 1 };
    start = quote + 2;
  }
}
