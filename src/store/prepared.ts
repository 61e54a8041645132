/**
 * A prepared statement as pg sends it. What one gives stays the same for good (PostgreSQL refuses it where its tables
 * changed), so a connection tells its columns once: later on the server need not describe them, nor we read that.
 */
import { Query } from "pg";
import type { Gave } from "./transaction.ts";
import { fromText } from "./values.ts";

export interface Asked {
  /** Unique on its connection. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

interface Column {
  readonly name: string;
  readonly data: (text: string) => unknown;
}

/** What of pg's connection this needs; its types leave that out. */
interface Wire {
  readonly parsedStatements: { readonly [name: string]: string };
  readonly submittedNamedStatements: { [name: string]: string };
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: { readonly statement: string; readonly values: Asked["values"] }): void;
  describe(portal: { readonly type: "P" }): void;
  _send(message: Uint8Array): void;
}

/** Two messages: all rows of the portal, and the end of what belongs together. */
const executeAndSync = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]);

/** The columns of each statement that a connection has told them of. */
export type Known = WeakMap<object, Map<string, readonly Column[]>>;

export class Prepared extends Query {
  declare readonly name: string;
  declare readonly text: string;
  declare readonly values: Asked["values"];
  declare callback: (error: unknown, gave?: Gave) => void;
  readonly #known: Known;
  readonly #rows: unknown[] = [];
  #columns: readonly Column[] | undefined;
  #done = "";
  /** Thrown where pg calls us it would end the process. */
  #unread: unknown;

  constructor(asked: Asked, known: Known, callback: (error: unknown, gave?: Gave) => void) {
    super(asked.text);
    this.name = asked.name;
    this.values = asked.values;
    this.callback = callback;
    this.#known = known;
  }

  prepare(wire: Wire): void {
    const { name, text, values } = this;
    this.#columns = this.#known.get(wire)?.get(name);
    if ((wire.parsedStatements[name] ?? wire.submittedNamedStatements[name]) === undefined) {
      wire.parse({ name, text });
      wire.submittedNamedStatements[name] = text;
    }
    wire.bind({ statement: name, values });
    if (this.#columns === undefined) wire.describe({ type: "P" });
    wire._send(executeAndSync);
  }

  handleRowDescription({
    fields,
  }: {
    fields: readonly { name: string; dataTypeID: number }[];
  }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, data: fromText(dataTypeID) }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const columns = this.#columns ?? [];
    const row: { [column: string]: unknown } = {};
    try {
      for (let at = 0; at < columns.length; at++) {
        const [column, text = null] = [columns[at], fields[at]];
        if (column) row[column.name] = text === null ? null : column.data(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#unread ??= error;
    }
  }

  /** Of a statement that gives no rows nothing was told before. */
  handleCommandComplete({ text }: { text: string }, wire: Wire): void {
    this.#done = text;
    const known = this.#known.get(wire) ?? new Map<string, readonly Column[]>();
    this.#known.set(wire, known.set(this.name, this.#columns ?? []));
  }

  handleReadyForQuery(): void {
    const [command = "", ...more] = this.#done.split(" ");
    const gave = { rows: this.#rows, count: Number(more.at(-1)) || 0, command };
    if (this.#unread === undefined) this.callback(null, gave);
    else this.callback(this.#unread);
  }
}
