/** Somebody who talks with Shipmate at the console and looks at what it shows, for demos and tests. */
import { type Chat, type ChatSettings, chat, type Message, Unanswered } from "./chat.ts";
import type { Screen } from "./screen.ts";

export interface Person {
  /** Says it, and gives the id of the message that shows the run. */
  asks(text: string, title: string): Promise<string>;
  /** Says it, and gives the answer that is no run. */
  reads(text: string, title: RegExp): Promise<Message>;
  /** The id of a new message that shows a run with this title. */
  findsRun(title: RegExp): Promise<string>;
  presses(message: Message, label: string): Promise<void>;
  /** Shows the card as it changes, until its state begins with this word. Throws Unanswered where it ends otherwise. */
  sees(id: string, word: string): Promise<Message>;
  /** Presses it and is told, privately, why not. */
  isToldNo(id: string, label: string, why: RegExp): Promise<void>;
}

const ends = /^(Succeeded|Taken|Refused|Cancelled|Expired|Rejected|Abandoned|Parked|Nothing)/;

export function person(name: string, settings: ChatSettings, show: Screen): Person {
  const own: Chat = chat(name, settings);
  const says = (what: string) => show.say(`\n${name.padEnd(7)}${what}`);
  let last = 0;
  const remember = async () => {
    last = (await own.read()).at(-1)?.number ?? 0;
  };
  const root = async (what: string, title: (text: string) => boolean) => {
    const found = await own.until(what, (message) => {
      const isNew = message.number > last && message.kind === "root";
      return isNew && title(message.card?.title ?? "");
    });
    return found.id;
  };
  const it: Person = {
    async asks(text, title) {
      await remember();
      says(text);
      await own.say(text);
      return root(`the card "${title}"`, (each) => each === title);
    },
    async reads(text, title) {
      await remember();
      says(text);
      await own.say(text);
      const after = last;
      const told = await own.until(
        `the answer to "${text}"`,
        (message) => message.number > after && title.test(message.card?.title ?? ""),
      );
      if (told.card !== null) show.show(told.id, told.card);
      return told;
    },
    findsRun: (title) => root(`the card ${title}`, (each) => title.test(each)),
    async presses(message, label) {
      await remember();
      says(`presses [${label}]`);
      await own.press(message, label);
    },
    async sees(id, word) {
      const is = (message: Message) => message.card?.state?.word.startsWith(word) === true;
      const seen = await own.until(
        `"${word}"`,
        (message) =>
          message.id === id && (is(message) || ends.test(message.card?.state?.word ?? "")),
        (message) => {
          if (message.id === id && message.card !== null) show.show(id, message.card);
        },
      );
      if (!is(seen))
        throw new Unanswered(`"${word}" was expected, and the card says: ${seen.text}.`);
      return seen;
    },
    async isToldNo(id, label, why) {
      await it.presses(await it.sees(id, "Waiting"), label);
      const after = last;
      const no = await own.until(
        "the refusal",
        (message) => message.number > after && message.private && why.test(message.text),
      );
      show.say(`       to ${name} alone: ${no.card?.says ?? no.text}`);
    },
  };
  return it;
}
