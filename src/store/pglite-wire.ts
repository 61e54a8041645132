/**
 * Statements on PGlite with as few calls of its engine as can be: one each.
 *
 * A statement that comes a second time is prepared under a name, and from then on only bound and executed, which is
 * half the work. Whatever changes the schema forgets all of them.
 */
import { messages, type PGlite, protocol } from "@electric-sql/pglite";
import type { Gave, Statement } from "./transaction.ts";
import { fromText } from "./values.ts";

/** How many statements are prepared at most: the store's texts are far fewer. */
const most = 500;

const { serialize } = protocol;
type Values = readonly (string | null)[];
type Answers = Awaited<ReturnType<PGlite["execProtocolStream"]>>;

/** One after the other. Each lets the event loop turn once before it, or chat would never be answered under load. */
export function statements(pglite: PGlite): Statement {
  const prepared = new Map<string, Prepared | undefined>();
  let nextName = 0;
  let altered = false;
  let broken: Error | undefined;

  async function ask(text: string, values: Values): Promise<Gave | undefined> {
    if (values.length === 0) return read(await send(serialize.query(text)));
    const known = prepared.get(text) ?? (await prepareSecond(text));
    if (known === undefined) return read(await send(...atOnce(text, values)));
    const { name, columns } = known;
    const bind = serialize.bind({ statement: name, values: [...values] });
    return read(await send(bind, serialize.execute({}), serialize.sync()), columns);
  }
  async function prepareSecond(text: string): Promise<Prepared | undefined> {
    if (!prepared.has(text)) {
      if (prepared.size < most) prepared.set(text, undefined);
      return undefined;
    }
    nextName += 1;
    const name = `s${nextName}`;
    const describe = serialize.describe({ type: "S", name });
    const answers = await send(serialize.parse({ name, text }), describe, serialize.sync());
    const known = { name, columns: answers.flatMap(columnsIn) };
    prepared.set(text, known);
    return known;
  }
  /** A plan outlives neither a change of the schema nor its being taken back. */
  async function forgetAfter(command: string): Promise<void> {
    if (altering.has(command)) altered = true;
    else if (!altered || !ending.has(command)) return;
    else altered = false;
    await send(serialize.query("DEALLOCATE ALL"));
    prepared.clear();
  }
  const send = (...parts: readonly Uint8Array[]) =>
    pglite.execProtocolStream(Buffer.concat(parts), { syncToFs: false });

  const one: Statement = async (text, values) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (broken !== undefined) throw new Error("the database has stopped", { cause: broken });
    const gave = await ask(text, values);
    if (gave === undefined) {
      broken = new Error(`no answer to: ${text.trim()}`);
      const says = "the database has stopped; whether this was done is unknown";
      throw new Error(says, { cause: broken });
    }
    await forgetAfter(gave.command);
    return gave;
  };
  let last: Promise<unknown> = Promise.resolve();
  return (text, values) => {
    const turn = last.then(() => one(text, values));
    last = turn.catch(() => undefined);
    return turn;
  };
}

interface Prepared {
  readonly name: string;
  readonly columns: readonly Column[];
}
interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

const altering: ReadonlySet<string> = new Set(["CREATE", "ALTER", "DROP", "DO"]);
const ending: ReadonlySet<string> = new Set(["COMMIT", "ROLLBACK"]);

const atOnce = (text: string, values: Values): readonly Uint8Array[] => [
  serialize.parse({ text }),
  serialize.bind({ values: [...values] }),
  serialize.describe({ type: "P" }),
  serialize.execute({}),
  serialize.sync(),
];

/** The last statement's rows; undefined where no statement was completed. */
function read(answers: Answers, known: readonly Column[] = []): Gave | undefined {
  let columns = known;
  let rows: unknown[] = [];
  let gave: Gave | undefined;
  for (const answer of answers) {
    if (answer instanceof messages.DataRowMessage) {
      rows.push(rowOf(columns, answer.fields));
    } else if (answer instanceof messages.RowDescriptionMessage) {
      columns = columnsIn(answer);
      rows = [];
    } else if (answer instanceof messages.CommandCompleteMessage) {
      gave = { rows, ...tag(answer.text) };
      rows = [];
    } else if (answer.name === "emptyQuery") {
      gave ??= { rows: [], count: 0, command: "" };
    }
  }
  return gave;
}

function columnsIn(answer: Answers[number]): readonly Column[] {
  if (!(answer instanceof messages.RowDescriptionMessage)) return [];
  return answer.fields.map(({ name, dataTypeID }) => ({ name, parse: fromText(dataTypeID) }));
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
