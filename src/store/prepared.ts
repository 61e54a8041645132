/**
 * Prepared statements as pg sends them: one, or several that are one to the server, with one Sync behind them. What one
 * gives stays the same for good (PostgreSQL refuses it where its tables changed), so a connection tells its columns
 * once: later on the server need not describe them, nor we read that.
 */
import { Query } from "pg";
import type { Ask, Gave } from "./transaction.ts";
import { fromText } from "./values.ts";

export interface Asked extends Ask {
  /** Unique on its connection; empty: it is prepared for this time only. */
  readonly name: string;
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
  bind(portal: { readonly statement: string; readonly values: Ask["values"] }): void;
  describe(portal: { readonly type: "P" }): void;
  _send(message: Uint8Array): void;
}

/** The message that asks for all rows of the portal, and the one that ends what belongs together. */
const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
const sync = Buffer.from([0x53, 0, 0, 0, 4]);

/** The columns of each statement that a connection has told them of. */
export type Known = WeakMap<object, Map<string, readonly Column[]>>;

interface Part extends Asked {
  columns: readonly Column[] | undefined;
  readonly rows: unknown[];
  done: string;
}

/** All are answered when the last one is; where one throws, all do. */
export class Prepared extends Query {
  /** Of the one whose answer comes next: pg asks for them. */
  declare name: string;
  declare text: string;
  declare queryMode: "extended";
  declare callback: (error: unknown, gave?: readonly Gave[]) => void;
  readonly #parts: readonly Part[];
  #at = 0;
  readonly #known: Known;
  /** Thrown where pg calls us it would end the process. */
  #unread: unknown;

  constructor(
    asked: readonly Asked[],
    known: Known,
    callback: (error: unknown, gave?: readonly Gave[]) => void,
  ) {
    super(asked[0]?.text ?? "");
    this.queryMode = "extended";
    this.#parts = asked.map((one) => ({ ...one, columns: undefined, rows: [], done: "" }));
    this.#known = known;
    this.callback = callback;
    this.#turnTo(0);
  }

  prepare(wire: Wire): void {
    const columns = this.#columnsOf(wire);
    for (const part of this.#parts) {
      const { name, text, values } = part;
      part.columns = columns.get(name);
      if (
        name === "" ||
        (wire.parsedStatements[name] ?? wire.submittedNamedStatements[name]) === undefined
      ) {
        wire.parse({ name, text });
        if (name !== "") wire.submittedNamedStatements[name] = text;
      }
      wire.bind({ statement: name, values });
      if (part.columns === undefined) wire.describe({ type: "P" });
      wire._send(execute);
    }
    wire._send(sync);
  }

  handleRowDescription({
    fields,
  }: {
    fields: readonly { name: string; dataTypeID: number }[];
  }): void {
    const columns = fields.map(({ name, dataTypeID }) => ({ name, data: fromText(dataTypeID) }));
    this.#part().columns = columns;
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const { columns = [], rows } = this.#part();
    const row: { [column: string]: unknown } = {};
    try {
      for (let at = 0; at < columns.length; at++) {
        const [column, text = null] = [columns[at], fields[at]];
        if (column) row[column.name] = text === null ? null : column.data(text);
      }
      rows.push(row);
    } catch (error) {
      this.#unread ??= error;
    }
  }

  /** Of a statement that gives no rows nothing was told before. */
  handleCommandComplete({ text }: { text: string }, wire: Wire): void {
    const part = this.#part();
    part.done = text;
    if (part.name !== "") this.#columnsOf(wire).set(part.name, part.columns ?? []);
    this.#turnTo(this.#at + 1);
  }

  /** Those behind it were not even prepared. */
  handleError(error: Error, wire: Wire): void {
    for (const { name } of this.#parts.slice(this.#at)) delete wire.submittedNamedStatements[name];
    this.callback(error);
  }

  handleReadyForQuery(): void {
    if (this.#unread !== undefined) {
      this.callback(this.#unread);
      return;
    }
    const gave = this.#parts.map(({ rows, done }) => {
      const [command = "", ...more] = done.split(" ");
      return { rows, count: Number(more.at(-1)) || 0, command };
    });
    this.callback(null, gave);
  }

  #part(): Part {
    const part = this.#parts[this.#at];
    if (!part) throw new Error("an answer came that nobody asked for");
    return part;
  }
  #turnTo(at: number): void {
    this.#at = at;
    this.name = this.#parts[at]?.name ?? "";
    this.text = this.#parts[at]?.text ?? "";
  }
  #columnsOf(wire: Wire): Map<string, readonly Column[]> {
    const known = this.#known.get(wire) ?? new Map<string, readonly Column[]>();
    this.#known.set(wire, known);
    return known;
  }
}
