type Chunk = string | Uint8Array;

/** An answer that is sent while it is made, so that its size costs no memory. */
export class Streamed {
  readonly contentType: string;
  /** What a browser saves it as. */
  readonly filename: string;
  readonly chunks: AsyncIterable<Chunk>;

  constructor(ask: { contentType: string; filename: string; chunks: AsyncIterable<Chunk> }) {
    this.contentType = ask.contentType;
    this.filename = ask.filename;
    this.chunks = ask.chunks;
  }

  get headers(): Record<string, string> {
    return {
      "Content-Type": this.contentType,
      "Content-Disposition": disposition(this.filename),
    };
  }

  /** The same with its first chunk made, so that what fails at once fails before the first byte. */
  async begun(): Promise<Streamed> {
    const chunks = this.chunks[Symbol.asyncIterator]();
    const first = await chunks.next();
    return new Streamed({ ...this, chunks: resumed(first, chunks) });
  }
}

async function* resumed(first: IteratorResult<Chunk>, rest: AsyncIterator<Chunk>) {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** RFC 6266: a name of plain characters for everybody, and beside it any other as it is. */
function disposition(filename: string): string {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%/]/g, "_");
  const named = `attachment; filename="${plain}"`;
  return plain === filename ? named : `${named}; filename*=UTF-8''${extended(filename)}`;
}

/** RFC 8187: percent-encoded, with what is special there too. */
const extended = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
