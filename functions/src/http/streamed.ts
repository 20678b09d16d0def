/** An answer that is sent while it is made, so that its size costs no memory. */
export class Streamed {
  readonly contentType: string;
  /** What a browser saves it as. */
  readonly filename: string;
  readonly chunks: AsyncIterable<string>;

  constructor(ask: { contentType: string; filename: string; chunks: AsyncIterable<string> }) {
    this.contentType = ask.contentType;
    this.filename = ask.filename;
    this.chunks = ask.chunks;
  }

  get headers(): Record<string, string> {
    return {
      "Content-Type": this.contentType,
      "Content-Disposition": `attachment; filename="${this.filename}"`,
    };
  }

  /** The same with its first chunk made, so that what fails at once fails before the first byte. */
  async begun(): Promise<Streamed> {
    const chunks = this.chunks[Symbol.asyncIterator]();
    const first = await chunks.next();
    return new Streamed({ ...this, chunks: resumed(first, chunks) });
  }
}

async function* resumed(first: IteratorResult<string>, rest: AsyncIterator<string>) {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
