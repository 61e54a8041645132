/** The console: channels on the left, the conversation in the middle, a run's details on the right. */
import { html } from "htm/preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, sentence } from "./api.ts";
import { Composer } from "./composer.ts";
import { Conversation } from "./conversation.ts";
import { Details } from "./details.ts";
import { Confirm, FormDialog } from "./dialogs.ts";
import { Icon } from "./icons.ts";
import { listen } from "./live.ts";
import { People } from "./people.ts";
import { usePlace } from "./place.ts";
import { Runs } from "./runs.ts";
import { Services } from "./services.ts";
import { Sidebar, titleOf } from "./sidebar.ts";
import type { Answer, Channel, Form, Message, Person } from "./types.ts";

/** What a dialog asks, and where its answer goes. */
type Asks =
  | {
      readonly is: "confirm";
      readonly label: string;
      readonly question: string;
      readonly yes: () => void;
    }
  | { readonly is: "form"; readonly form: Form; readonly messageId?: string };

export function App() {
  const [place, go] = usePlace();
  const [people, setPeople] = useState<readonly Person[]>([]);
  const [as, setAs] = useState("");
  const [channels, setChannels] = useState<readonly Channel[]>([]);
  const [messages, setMessages] = useState<readonly Message[] | undefined>();
  const [waiting, setWaiting] = useState<readonly Message[]>([]);
  const [count, setCount] = useState(0);
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set());
  const [here, setHere] = useState(true);
  const [asks, setAsks] = useState<Asks>();
  const [wrong, setWrong] = useState<{ readonly at: string; readonly says: string }>();
  const [spoken, setSpoken] = useState("");
  const [menu, setMenu] = useState(false);
  const [turn, setTurn] = useState(0);
  const [draft, setDraft] = useState<{ readonly text: string }>();
  const isChannel = !place.view.startsWith(":");
  const view = useRef({ as, channel: place.view });
  view.current = { as, channel: place.view };
  /** For each reading under way what was heard meanwhile: its answer may be older. */
  const readings = useRef(new Set<Message[]>());

  useEffect(() => {
    api
      .people()
      .then(({ people: known }) => {
        setPeople(known);
        const before = sessionStorage.getItem("as");
        setAs(known.find(({ id }) => id === before)?.id ?? known[0]?.id ?? "");
      })
      .catch((error: unknown) => setWrong({ at: "page", says: sentence(error) }));
  }, []);

  const readWaiting = useCallback(async (who: string) => {
    const found = await api.waiting(who).catch(() => undefined);
    if (found === undefined || view.current.as !== who) return;
    setWaiting(found.messages);
    setCount(found.runs.length);
  }, []);
  const readAll = useCallback(async (who: string, channel: string) => {
    const heard: Message[] = [];
    readings.current.add(heard);
    setWrong((before) => (before?.at === "page" ? undefined : before));
    try {
      const list = api.channels(who);
      if (!channel.startsWith(":")) {
        const found = await api.messages(channel, who);
        if (view.current.as === who && view.current.channel === channel)
          setMessages(heard.reduce(merged, found.messages));
      }
      setChannels((await list).channels);
    } catch (error) {
      // A newer reading has its own word: an older one that fails late says nothing.
      if ([...readings.current].at(-1) === heard) setWrong({ at: "page", says: sentence(error) });
    } finally {
      readings.current.delete(heard);
    }
  }, []);

  useEffect(() => {
    if (as === "") return;
    sessionStorage.setItem("as", as);
    setMessages(undefined);
    setMenu(false);
    setUnread((before) => without(before, place.view));
    void readAll(as, place.view);
  }, [as, place.view]);

  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${titleOf(place.view)} · Shipmate`;
  }, [place.view, count]);

  useEffect(() => {
    if (as === "") return;
    void readWaiting(as);
    return listen(as, {
      message(message) {
        if (message.channel === view.current.channel) {
          for (const heard of readings.current) heard.push(message);
          setMessages((before) => {
            const known = before?.find(({ id }) => id === message.id);
            const change = stateChange(known, message);
            if (change !== undefined) setSpoken(change);
            return before === undefined ? before : merged(before, message);
          });
        } else if (message.isNew) setUnread((before) => new Set(before).add(message.channel));
        setChannels((before) =>
          before.some(({ name }) => name === message.channel)
            ? before
            : [...before, { name: message.channel, last: message.number }],
        );
        if (message.kind === "root") void readWaiting(as);
        setTurn((before) => before + 1);
      },
      run: () => setTurn((before) => before + 1),
      again() {
        void readAll(view.current.as, view.current.channel);
        void readWaiting(view.current.as);
        setTurn((before) => before + 1);
      },
      here: setHere,
    });
  }, [as]);

  const answered = ({ answer }: { answer: Answer }, messageId?: string): void => {
    if (answer.is === "form" && answer.form !== undefined)
      setAsks({ is: "form", form: answer.form, ...(messageId === undefined ? {} : { messageId }) });
  };
  const say = async (text: string): Promise<boolean> => {
    setWrong(undefined);
    try {
      answered(await api.say(as, place.view, text));
      return true;
    } catch (error) {
      setWrong({ at: "composer", says: sentence(error) });
      return false;
    }
  };
  const click = async (messageId: string, button: string): Promise<void> => {
    setWrong(undefined);
    try {
      answered(await api.click({ as, messageId, button }), messageId);
    } catch (error) {
      setWrong({ at: messageId, says: sentence(error) });
    }
  };
  const press = (messageId: string, button: string, label: string, question?: string) => {
    if (question === undefined) return click(messageId, button);
    setAsks({ is: "confirm", label, question, yes: () => void click(messageId, button) });
    return Promise.resolve();
  };
  const submit = async (
    form: Form,
    values: object,
    messageId?: string,
  ): Promise<string | undefined> => {
    try {
      const where =
        messageId === undefined ? { channel: isChannel ? place.view : "general" } : { messageId };
      const { answer } = await api.click({ as, ...where, button: form.id, values });
      setAsks(undefined);
      answered({ answer }, messageId);
      return undefined;
    } catch (error) {
      return sentence(error);
    }
  };
  const open = (run: string) => go({ run });
  const close = () => go({ run: undefined });
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof Element &&
        event.target.closest("input:not([type=radio]), textarea, select, dialog");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        document.getElementById("composer")?.focus();
      }
      if (event.key === "Escape" && !event.defaultPrevented && !typing) {
        setMenu(false);
        close();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);

  const who = people.find(({ id }) => id === as);
  const shown = place.view === ":waiting" ? waiting : messages;
  const notices = wrong === undefined || wrong.at === "composer" ? undefined : wrong;
  return html`
    <div class=${`page ${place.run === undefined ? "" : "with-details"} ${menu ? "with-menu" : ""}`}>
      <${Sidebar} channels=${channels} view=${place.view} unread=${unread} waiting=${count}
        go=${(to: string) => {
          setMenu(false);
          go({ view: to, run: undefined });
        }} />
      ${menu && html`<button class="veil" aria-label="Close the list of channels" onClick=${() => setMenu(false)} />`}
      <main class="middle">
        <header class="top">
          <button class="plain menu" aria-label="Channels" aria-expanded=${menu} onClick=${() => setMenu(!menu)}>
            <${Icon} name="menu" />${count > 0 && html`<span class="dot" />`}
          </button>
          <h1>${isChannel && html`<${Icon} name="hash" />`}${titleOf(place.view)}</h1>
          <${People} people=${people} as=${as} choose=${setAs} />
        </header>
        ${
          here
            ? notices?.at === "page" && html`<p class="notice bad" role="alert">${notices.says}</p>`
            : html`<p class="notice" role="status">Shipmate does not answer. Trying again; what you see may be old.</p>`
        }
        ${
          place.view === ":services"
            ? html`<${Services} as=${as} turn=${turn} deploy=${(text: string) => {
                setDraft({ text });
                go({ view: "general", run: undefined });
              }} />`
            : place.view === ":runs"
              ? html`<${Runs} turn=${turn} open=${open} chosen=${place.run} people=${people} />`
              : html`<${Conversation} key=${`${place.view} ${as}`} messages=${shown} people=${people} view=${place.view}
                  as=${as} press=${press} open=${open} chosen=${place.run} wrong=${notices}
                  suggest=${(text: string) => setDraft({ text })} />`
        }
        ${
          isChannel &&
          html`<${Composer} as=${who} channel=${place.view} say=${say} draft=${draft}
          drafted=${() => setDraft(undefined)} wrong=${wrong?.at === "composer" ? wrong.says : undefined} />`
        }
      </main>
      ${
        place.run !== undefined &&
        html`<${Details} key=${place.run} run=${place.run} as=${as} turn=${turn} people=${people} close=${close} />`
      }
      <div class="unseen" role="status" aria-live="polite">${spoken}</div>
      ${asks?.is === "confirm" && html`<${Confirm} ...${asks} close=${() => setAsks(undefined)} />`}
      ${
        asks?.is === "form" &&
        html`<${FormDialog} key=${asks.form} form=${asks.form} close=${() => setAsks(undefined)}
          submit=${(values: object) => submit(asks.form, values, asks.messageId)} />`
      }
    </div>`;
}

/** The list with the message in its place: changed where it is known, else in the order of numbers. */
function merged(before: readonly Message[], message: Message): readonly Message[] {
  if (before.some(({ id }) => id === message.id))
    return before.map((one) => (one.id === message.id ? message : one));
  return [...before, message].sort((a, b) => a.number - b.number);
}

/** What a screen reader should say: a card's new state, and new answers; progress is not worth a word. */
function stateChange(before: Message | undefined, now: Message): string | undefined {
  if (now.card === null) return undefined;
  if (before !== undefined && before.card?.state?.word === now.card.state?.word) return undefined;
  return now.text;
}

function without(before: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(before);
  next.delete(name);
  return next;
}
