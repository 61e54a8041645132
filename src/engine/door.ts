/**
 * The one door: whatever is said, by whatever means, is stored, understood, allowed or refused, done and recorded here.
 *
 * An intent may be handled twice (a crash between the act and its answer): runs and answers have ids made of the
 * intent's key, votes and presses are unique, so the second time changes nothing.
 */
import type { Card, Form } from "../core/card.ts";
import type { CommandDefinition, CommandHelp, Ctx, Reply } from "../core/command.ts";
import type { Json, Look, Stream } from "../core/operation.ts";
import type { Account, Person } from "../core/person.ts";
import { Refusal, refuse } from "../core/refusal.ts";
import type { Answer, Door, Intent, Place } from "../core/surface.ts";
import type { Meter } from "../observe/meter.ts";
import { plain } from "../observe/text.ts";
import { appendAudit } from "../store/audit.ts";
import { findButton, insertButtons } from "../store/buttons.ts";
import { type Database, isDown, type Sql, softly } from "../store/database.ts";
import { finishIntent, takeIntent, takeUpOpen, Unreadable } from "../store/inbox.ts";
import { insertReply, unfollow } from "../store/messages.ts";
import type { Run } from "../store/runs.ts";
import { learnRef } from "../store/standing.ts";
import { asJson } from "./acts.ts";
import {
  answerPlace,
  auditIntent,
  deedOf,
  missing,
  replyId,
  stranger,
  writeCard,
} from "./answers.ts";
import { sha256 } from "./digest.ts";
import type { Engine } from "./engine.ts";
import { faultText } from "./faults.ts";
import { keepFloodsOut } from "./flood.ts";
import { checkValues } from "./form.ts";
import { gate } from "./gate.ts";
import { type Heard, hearing } from "./heard.ts";
import { helpOf } from "./help.ts";
import { goesOn, readLines } from "./lines.ts";
import { runIds } from "./once.ts";
import type { AnyWorkflow } from "./replay.ts";
import { FormNeeded } from "./runs.ts";
import { formOfPress, type Understood, understand } from "./understand.ts";

type Ruling = { readonly ok: true } | { readonly ok: false; readonly says: string };
export interface DoorPolicy {
  /** The person behind an account; undefined: nobody that we know. */
  identify(account: Account): Person | undefined;
  may(person: Person, act: "look" | "change", targets: readonly string[]): Ruling;
  /** What a person may do, in a sentence for people. */
  rights(person: Person): string;
}

export interface DoorParts {
  readonly database: Database;
  readonly engine: Engine;
  readonly commands: readonly CommandDefinition[];
  readonly policy: DoorPolicy;
  /** The one masking sink, for text that is cut before it is posted. */
  readonly mask: (text: string) => string;
  /** The outbox has something to post. */
  readonly posted: () => void;
  /** A fault of ours while something was handled. */
  readonly troubled: (error: unknown, doing: string) => void;
  readonly closing: AbortSignal;
  readonly meter?: Meter;
  /** How much one account may say in a minute; unset: as much as it likes. */
  readonly most?: () => number;
}

/** A command with its arguments, and the ids of the runs that it starts. */
interface Saying {
  readonly command: CommandDefinition;
  readonly args: unknown;
  readonly nextRun: () => Promise<string>;
}

export interface TheDoor extends Door {
  /** Handles what a crash left in the inbox for longer than `olderThan` milliseconds; gives how much that was. */
  takeUp(olderThan: number): Promise<number>;
  /** A look with a person's rights. */
  look(person: Person, op: Look): Promise<Json>;
  /** Once `closing` says so it deals with nothing more; comes back when what was under way has ended. */
  close(): Promise<void>;
}

/** How many intents are dealt with at once: more of them would only keep acks waiting. */
const sideBySide = 4;
/** How many are taken up at once, of those that a crash left, and how often in a row. */
const [handful, rounds] = [16, 6];

export function createDoor(parts: DoorParts): TheDoor {
  const { database, commands } = parts;
  const help: readonly CommandHelp[] = helpOf(commands);
  const inTurn = gate(sideBySide);
  const isFlood = keepFloodsOut({ most: () => Infinity, ...parts });
  const heard = hearing(database, parts.meter);
  /** What this process is at, with its name: it is not taken up here. */
  const under = new Map<Promise<Answer>, string>();
  const enter = async (key: string, surface: string): Promise<Answer> => {
    const entered = enterNow(key, surface);
    under.set(entered, `${surface} ${key}`);
    return entered.finally(() => under.delete(entered));
  };
  /** What is not dealt with before the end stays in the inbox, for the next process. */
  const later: Answer = { is: "seen" };
  const enterNow = async (key: string, surface: string): Promise<Answer> => {
    if (parts.closing.aborted) return later;
    const said = await heard.take(key, surface);
    if (!said || (await isFlood(said.intent))) return { is: "seen" };
    const { who } = said.intent;
    return inTurn.inside(
      async () => (parts.closing.aborted ? later : dealWith(said, `${surface} ${key}`)),
      `${who.surface} ${who.id}`,
    );
  };
  const dealWith = async (said: Heard, name: string): Promise<Answer> => {
    const { intent } = said;
    try {
      return await handle(said);
    } catch (error) {
      if (parts.closing.aborted) return later;
      if (isDown(error)) throw error; // it stays in the inbox
      if (error instanceof Refusal)
        return answerCard(intent, { title: error.message }, true, "refused");
      parts.troubled(error, `handling ${name}`);
      const title = `That did not work (${faultText(error)}). Nothing changed; try it again.`;
      return answerCard(intent, { title }, true, "failed");
    }
  };

  const handle = async ({ intent, button: sought }: Heard): Promise<Answer> => {
    const person = parts.policy.identify(intent.who);
    if (!person) return answerCard(intent, stranger(intent.who), true, "turned away");
    const look = (op: Look) => inTurn.outside(() => lookAs(person, op));
    const button = async (id: string) => {
      const early = await sought?.catch(() => undefined);
      // Where it stands may have become known since.
      return early?.stands?.ref ? early : findButton(database, id);
    };
    const understood = await understand({ commands, look, button }, intent);
    switch (understood.is) {
      case "card":
        return answerCard(intent, understood.card, true, "not understood");
      case "form":
        admit(
          person,
          commands.find((one) => one.name === understood.command),
        );
        return answerForm(intent, understood.form, understood.command, understood.known);
      case "command":
        return act(intent, person, understood);
    }
  };

  /** Whoever is in no team is not asked for more, but told so. */
  const admit = (person: Person, command: CommandDefinition | undefined): void => {
    const allowed = parts.policy.may(person, "look", []);
    if (!allowed.ok && !command?.forEverybody) refuse(allowed.says);
  };

  const act = async (
    intent: Intent,
    person: Person,
    { command, args, from, form }: Understood & { is: "command" },
  ): Promise<Answer> => {
    admit(person, command);
    const place = answerPlace(intent, from);
    const nextRun = runIds(database, intent, { form, pressed: from !== undefined });
    const isPrivate = command.privately ?? false;
    let reply: Reply;
    let committed = false;
    /** A vote and its like commit their answer themselves. */
    const also = async (sql: Sql, card: Card) => {
      await writeCard(sql, intent, place, card, isPrivate);
      committed = true;
    };
    try {
      reply = await command.run(ctxOf(intent, person, { command, args, nextRun }, also));
    } catch (error) {
      if (!(error instanceof FormNeeded)) throw error;
      const form = formOfPress(error);
      return answerForm(intent, form, "press", { run: String(error.run), button: error.button });
    }
    parts.meter?.({ is: "passed", point: "after act" });
    if ("run" in reply) {
      const { run } = reply;
      await finishIntent(database, intent.at.surface, intent.key, { is: "run", run });
      return { is: "run", run };
    }
    if ("lines" in reply)
      return answerLines(intent, person, place, { ...reply, command: command.name, args });
    if (!committed) return answerCard(intent, reply, isPrivate, command.name, place);
    parts.posted();
    return { is: "card", card: reply, private: isPrivate };
  };

  const ctxOf = (
    intent: Intent,
    person: Person,
    { command, args, nextRun }: Saying,
    also: (sql: Sql, card: Card) => Promise<void>,
  ): Ctx<never> => {
    const begin = async (workflow: AnyWorkflow, input: unknown) =>
      start(intent, person, command.name, { id: await nextRun(), workflow, input });
    const again = async (run: Run) => {
      const workflow = parts.engine.workflow(run.workflow);
      if (!workflow) return refuse(`There is no workflow "${run.workflow}" any more.`);
      const no = workflow.noRetry?.(run.input as never);
      return no === undefined ? begin(workflow, run.input) : refuse(no);
    };
    return {
      args: args as never,
      person,
      rights: parts.policy.rights(person),
      commands: help,
      runs: parts.engine.runs(person, intent.at.surface, { again, also }),
      look: (op) => inTurn.outside(() => lookAs(person, op)) as never,
      unfollow: (answer) => unfollow(database, intent.at, answer),
      start: (workflow, input) => begin(workflow as unknown as AnyWorkflow, input),
    };
  };

  const start = async (
    intent: Intent,
    person: Person,
    command: string,
    { id, workflow, input }: { id: string; workflow: AnyWorkflow; input: unknown },
  ): Promise<{ readonly run: string }> => {
    const parsed = workflow.input.parse(input);
    const targets = workflow.on?.(parsed as never) ?? [];
    if (targets.length > 0) {
      const ruling = parts.policy.may(person, "change", targets);
      if (!ruling.ok) refuse(ruling.says);
    }
    // Handled before, and a crash took the answer: then it is there. As with an answer a power cut may take it too.
    await parts.engine.start(database, {
      ...{ id, workflow: workflow.name, input, by: person, at: intent.at, soft: true },
      audit: deedOf(intent, person.id, "asked for", { run: id, command }),
    });
    parts.engine.ring([id]);
    parts.posted();
    return { run: id };
  };

  const lookAs = async (person: Person, op: Look): Promise<Json> => {
    const ruling = parts.policy.may(person, "look", parts.engine.operations.reads(op));
    if (!ruling.ok) refuse(ruling.says);
    const signal = AbortSignal.any([parts.closing, AbortSignal.timeout(20_000)]);
    return parts.engine.operations.look(op, signal, person.id);
  };

  const answerLines = async (
    intent: Intent,
    person: Person,
    at: Place,
    reply: {
      readonly title: string;
      readonly lines: Stream<{ readonly text: string }>;
      readonly command: string;
      readonly args: unknown;
    },
  ): Promise<Answer> => {
    const { operations } = parts.engine;
    const ruling = parts.policy.may(person, "look", operations.reads(reply.lines));
    if (!ruling.ok) refuse(ruling.says);
    const id = replyId(intent);
    const reading = await inTurn.outside(() =>
      readLines(parts, {
        ...{ id, title: reply.title, follows: goesOn(reply.lines) },
        again: { label: "Follow again", command: reply.command, args: asJson(reply.args) },
        open: (signal) => operations.stream(reply.lines, signal, person.id),
      }),
    );
    const answer: Answer = { is: "card", card: reading.card, private: false };
    await database.transaction(async (sql) => {
      await insertReply(sql, { id, at, card: reading.card, following: reading.open });
      await auditIntent(sql, intent, person.id, "read", { what: reply.title });
      await finishIntent(sql, intent.at.surface, intent.key, asJson({ is: "card" }));
    });
    parts.posted();
    reading.goOn();
    return answer;
  };

  /** An answer as a message, the audit row and the end of the intent in one commit. */
  const answerCard = async (
    intent: Intent,
    card: Card,
    isPrivate: boolean,
    did: string,
    place: Place = intent.at,
  ): Promise<Answer> => {
    const { who } = intent;
    const person = parts.policy.identify(who)?.id ?? `${who.surface}:${who.id}`;
    await database.transaction(async (sql) => {
      await softly(sql); // a power cut loses the answer, not the question: it is answered again from the inbox
      const fresh = await writeCard(sql, intent, place, card, isPrivate);
      if (fresh)
        await auditIntent(sql, intent, person, did, { says: plain(card.says ?? card.title) });
    });
    parts.posted();
    return { is: "card", card, private: isPrivate };
  };

  const answerForm = async (
    intent: Intent,
    draft: Omit<Form, "id">,
    command: string,
    known: { readonly [arg: string]: Json },
  ): Promise<Answer> => {
    const id = sha256([intent.at.surface, intent.key, "form"]).slice(0, 24);
    const form: Form = { ...draft, id };
    const { surface, channel } = intent.at;
    const button = { id, message: "", surface, channel, command, args: asJson(known) };
    await insertButtons(database, [button]);
    await finishIntent(database, surface, intent.key, asJson({ is: "form", form }));
    return { is: "form", form };
  };

  return {
    store: heard.store,
    enter,
    stands: (message, at, ref) => learnRef(database, message, at, ref),
    check(name, values) {
      const command = commands.find((one) => one.name === name);
      return command ? checkValues(command, values) : {};
    },
    look: lookAs,
    async close() {
      await Promise.allSettled(under.keys());
    },
    takeUp,
  };

  /** At most a hundred or so: what comes meanwhile is for the next time. */
  async function takeUp(olderThan: number, round = 1): Promise<number> {
    if (parts.closing.aborted) return 0;
    const some = await takeUpOpen(database, olderThan, handful);
    await Promise.all(some.map(takeUpOne));
    const isMore = some.length === handful && round < rounds;
    return some.length + (isMore ? await takeUp(olderThan, round + 1) : 0);
  }

  async function takeUpOne({ surface, key }: { surface: string; key: string }): Promise<void> {
    if ([...under.values()].includes(`${surface} ${key}`)) return;
    try {
      const answer = await enter(key, surface);
      if (answer.is === "form") await sayAgain(key, surface, answer.form);
    } catch (error) {
      parts.troubled(error, `taking up ${surface} ${key}`);
      if (error instanceof Unreadable) await giveUp(surface, key);
    }
  }

  /** What nobody can read must not come again for ever. */
  async function giveUp(surface: string, key: string): Promise<void> {
    await database.transaction(async (sql) => {
      const did = "said what could not be read";
      await appendAudit(sql, { person: surface, surface, did, detail: { key } });
      await finishIntent(sql, surface, key, asJson({ is: "card" }));
    });
  }

  /** A form can be opened only while somebody waits for it: after a crash the asker is told instead. */
  async function sayAgain(key: string, surface: string, form: Form): Promise<void> {
    const taken = await takeIntent(database, surface, key);
    if (!taken) return;
    const { at, who } = taken.intent;
    const card = missing(form);
    await insertReply(database, { id: replyId(taken.intent), at, card, to: who.id });
    parts.posted();
  }
}
