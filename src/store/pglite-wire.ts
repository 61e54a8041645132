/** A statement on PGlite in one call of the engine: parse, bind, execute and sync travel together. */
import { messages, type PGlite, protocol } from "@electric-sql/pglite";
import type { Gave, Statement } from "./transaction.ts";
import { fromText } from "./values.ts";

/** Each statement lets the event loop turn once before it, or chat would never be answered under load. */
export function statements(pglite: PGlite): Statement {
  let broken: Error | undefined;
  return async (text, values) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (broken !== undefined) throw new Error("the database has stopped", { cause: broken });
    const answers = await pglite.execProtocolStream(asked(text, values), { syncToFs: false });
    const gave = read(answers);
    if (gave !== undefined) return gave;
    broken = new Error(`no answer to: ${text.trim()}`);
    throw new Error("the database has stopped; whether this was done is unknown", {
      cause: broken,
    });
  };
}

function asked(text: string, values: readonly (string | null)[]): Uint8Array {
  const { serialize } = protocol;
  if (values.length === 0) return serialize.query(text);
  return Buffer.concat([
    serialize.parse({ text }),
    serialize.bind({ values: [...values] }),
    serialize.describe({ type: "P" }),
    serialize.execute({}),
    serialize.sync(),
  ]);
}

/** The last statement's rows; undefined where no statement was completed. */
function read(answers: Awaited<ReturnType<PGlite["execProtocolStream"]>>): Gave | undefined {
  let columns: readonly Column[] = [];
  let rows: unknown[] = [];
  let gave: Gave | undefined;
  for (const answer of answers) {
    if (answer instanceof messages.RowDescriptionMessage) {
      columns = answer.fields.map(({ name, dataTypeID }) => ({
        name,
        parse: fromText(dataTypeID),
      }));
      rows = [];
    } else if (answer instanceof messages.DataRowMessage) {
      rows.push(rowOf(columns, answer.fields));
    } else if (answer instanceof messages.CommandCompleteMessage) {
      gave = { rows, ...tag(answer.text) };
      rows = [];
    } else if (answer.name === "emptyQuery") {
      gave ??= { rows: [], count: 0, command: "" };
    }
  }
  return gave;
}

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

function rowOf(columns: readonly Column[], fields: readonly (string | null)[]) {
  const row: { [name: string]: unknown } = {};
  columns.forEach(({ name, parse }, place) => {
    const text = fields[place] ?? null;
    row[name] = text === null ? null : parse(text);
  });
  return row;
}

/** `INSERT 0 1`, `UPDATE 3`, `BEGIN`. */
function tag(text: string): { count: number; command: string } {
  const words = text.split(" ");
  return { command: words[0] ?? "", count: Number(words.at(-1)) || 0 };
}
