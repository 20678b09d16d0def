import { DatabaseSync } from "node:sqlite";
import { collections } from "../../../functions/src/store/collections.ts";

type Dump = ReadonlyMap<string, string>;

/** A document that is not as it was; one side is `undefined` where it was not, or is not, there. */
export type Difference = {
  readonly collection: string;
  readonly id: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
};

/** Every document of a store's file as it was, from a connection of its own. */
export class Snapshot {
  readonly #database: DatabaseSync;
  readonly #dump: Dump;
  #version: unknown;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#dump = this.#read();
    this.#version = this.#dataVersion();
  }

  /** What others have changed since. */
  differences(): Difference[] {
    if (this.#dataVersion() === this.#version) return [];
    const now = this.#read();
    return [...new Set([...this.#dump.keys(), ...now.keys()])].flatMap((key) => {
      const [before, after] = [this.#dump.get(key), now.get(key)];
      const [collection = "", id = ""] = key.split("\n", 2);
      return before === after ? [] : [{ collection, id, before, after }];
    });
  }

  /** Undoes them. */
  restore(differences: readonly Difference[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    for (const { collection, id, before } of differences) {
      this.#database.prepare(`DELETE FROM "${collection}" WHERE id = ?`).run(id);
      if (before === undefined) continue;
      this.#database
        .prepare(`INSERT INTO "${collection}" (id, json) VALUES (?, ?)`)
        .run(id, before);
    }
    this.#database.exec("COMMIT");
    this.#version = this.#dataVersion();
  }

  close(): void {
    this.#database.close();
  }

  /** Another connection's commits change it, this one's do not. */
  #dataVersion(): unknown {
    return this.#database.prepare("PRAGMA data_version").get()?.["data_version"];
  }

  #read(): Dump {
    return new Map(
      collections.flatMap(({ name }) => {
        const rows = this.#database.prepare(`SELECT id, json FROM "${name}"`).all();
        return rows.map(({ id, json }) => [`${name}\n${id}`, String(json)] as const);
      }),
    );
  }
}
