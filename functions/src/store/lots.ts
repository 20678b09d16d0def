import type { AnyCollection } from "./document-store.ts";

/** Of the 10 MiB that Firestore takes in a transaction, so that there is room for what goes with the records. */
const MOST_BYTES = 7 * 1024 * 1024;
/** Of an index entry: its values, the name of its document and 32 bytes. */
const ENTRY_BYTES = 190;

/**
 * The records in lots that one transaction may write or delete: Firestore counts the index entries
 * that change with them, and a searched text has one for each of its parts.
 */
export function inLots<T>(
  collection: AnyCollection,
  records: readonly T[],
  { most }: { readonly most: number },
): T[][] {
  const lots: T[][] = [];
  let room = 0;
  for (const record of records) {
    const bytes = bytesOf(collection, record as Readonly<Record<string, unknown>>);
    const lot = lots.at(-1);
    if (lot && lot.length < most && bytes <= room) {
      lot.push(record);
      room -= bytes;
    } else {
      lots.push([record]);
      room = MOST_BYTES - bytes;
    }
  }
  return lots;
}

function bytesOf({ queries }: AnyCollection, record: Readonly<Record<string, unknown>>): number {
  const entries = Object.values(queries).map(({ substring, contains }) => {
    if (substring !== undefined) return partsOf(String(record[substring] ?? ""));
    if (contains === undefined) return 1;
    const elements = record[contains];
    return Array.isArray(elements) ? elements.length : 0;
  });
  const all = entries.reduce((sum, own) => sum + own, 0);
  return Buffer.byteLength(JSON.stringify(record)) + all * ENTRY_BYTES;
}

/** How many distinct parts a text has at most, the empty one included. */
function partsOf(text: string): number {
  const { length } = Array.from(text);
  return (length * (length + 1)) / 2 + 1;
}
