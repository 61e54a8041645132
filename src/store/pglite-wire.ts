/**
 * Statements on PGlite with as few calls of its engine as can be: one each.
 *
 * A statement that comes a second time is prepared under a name, and from then on only bound and executed, which is
 * half the work. Whatever changes the schema forgets all of them.
 */
import { messages, type PGlite, protocol } from "@electric-sql/pglite";
import { type Ask, type Gave, type Send, textOf } from "./transaction.ts";
import { fromText } from "./values.ts";

/** How many statements are prepared at most: the store's texts are far fewer. */
const most = 500;

const { serialize } = protocol;
type Answers = Awaited<ReturnType<PGlite["execProtocolStream"]>>;

/** One after the other. The event loop turns once before each, or chat would never be answered under load. */
export function statements(pglite: PGlite): Send {
  const prepared = new Map<string, Prepared | undefined>();
  let nextName = 0;
  let altered = false;
  let broken: Error | undefined;

  async function ask(asks: readonly Ask[]): Promise<readonly Gave[]> {
    const [first] = asks;
    if (first && asks.length === 1 && first.values.length === 0)
      return read(await send(serialize.query(first.text))).slice(-1);
    const parts: Uint8Array[] = [];
    const columns: (readonly Column[])[] = [];
    for (const { text, values } of asks) {
      const known = prepared.get(text) ?? (await prepareSecond(text));
      const bound = { values: [...values] };
      if (known) parts.push(serialize.bind({ statement: known.name, ...bound }));
      else parts.push(serialize.parse({ text }), serialize.bind(bound), describePortal);
      parts.push(serialize.execute({}));
      columns.push(known?.columns ?? []);
    }
    return read(await send(...parts, serialize.sync()), columns);
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

  const inTurn: Send = async (asks) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (broken !== undefined) throw new Error("the database has stopped", { cause: broken });
    const gave = await ask(asks);
    if (gave.length < asks.length) {
      broken = new Error(`no answer to: ${textOf(asks)}`);
      const says = "the database has stopped; whether this was done is unknown";
      throw new Error(says, { cause: broken });
    }
    for (const { command } of gave) await forgetAfter(command);
    return gave;
  };
  let last: Promise<unknown> = Promise.resolve();
  return (asks) => {
    const turn = last.then(() => inTurn(asks));
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

const describePortal = serialize.describe({ type: "P" });

/** What each statement that was completed gave. `known`: the columns of those that tell of none. */
function read(answers: Answers, known: readonly (readonly Column[])[] = []): readonly Gave[] {
  const gave: Gave[] = [];
  let columns: readonly Column[] | undefined;
  let rows: unknown[] = [];
  for (const answer of answers) {
    if (answer instanceof messages.DataRowMessage) {
      rows.push(rowOf(columns ?? known[gave.length] ?? [], answer.fields));
    } else if (answer instanceof messages.RowDescriptionMessage) {
      columns = columnsIn(answer);
    } else if (answer instanceof messages.CommandCompleteMessage) {
      gave.push({ rows, ...tag(answer.text) });
      rows = [];
      columns = undefined;
    } else if (answer.name === "emptyQuery") {
      gave.push({ rows: [], count: 0, command: "" });
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
