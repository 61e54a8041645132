/** Answers that don't go through the outbox: a dialog for a form, and a word to one person. */
import type { Card, Form } from "../../core/card.ts";
import type { Intent, Place } from "../../core/surface.ts";
import { plainText } from "./blocks.ts";
import type { Ask } from "./calls.ts";
import { escaped, line } from "./fit.ts";
import { sayId } from "./heard.ts";
import { limits } from "./limits.ts";
import type { Log } from "./log.ts";
import { modal } from "./modal.ts";
import { literal } from "./outbox.ts";

/** Neither throws: what can't be shown is logged, and the person is told where that is still possible. */
export function dialogs(ask: Ask, log: Log, signal: AbortSignal) {
  return { open, tell };

  /** A dialog at once where there is a trigger; after a mention there is none, so a button brings one. */
  async function open(form: Form, intent: Intent, trigger: string | undefined): Promise<void> {
    if (trigger === undefined) return await offer(form, intent);
    const { channel, thread } = intent.at;
    const carried = {
      form: form.id,
      command: form.command,
      channel,
      ...(thread === undefined ? {} : { thread }),
    };
    try {
      await ask("opening a form", signal, (client) =>
        client.views.open({ trigger_id: trigger, view: modal(form, carried) }),
      );
    } catch (error) {
      log("warn", `opening the form of ${form.command}`, error);
      await tell(intent.at, intent.who.id, {
        title: form.title,
        says: "Slack closed the door on the form before it could open. Type it again, or click once more.",
      });
    }
  }

  async function offer(form: Form, intent: Intent): Promise<void> {
    const words = "text" in intent.said ? intent.said.text : "";
    const fits = words !== "" && words.length <= limits.buttonValue;
    await tell(
      intent.at,
      intent.who.id,
      {
        title: form.title,
        says: fits
          ? (form.says ?? "Some of it is missing: fill it in.")
          : "Some of it is missing. Type all of it in one line.",
      },
      fits ? words : undefined,
    );
  }

  /** Says something to one person, outside of any run. What can't be said is logged: it is never retried. */
  async function tell(at: Place, to: string, card: Card, words?: string): Promise<void> {
    const text = [line(card.title, 150), line(card.says ?? "", 1000)].filter(Boolean).join(": ");
    const blocks = [
      { type: "section" as const, text: plainText(text || "–") },
      ...(words === undefined ? [] : [fillIn(words)]),
    ];
    const said = { text: escaped(text, limits.text), blocks, ...literal };
    const thread = at.thread === undefined ? {} : { thread_ts: at.thread };
    try {
      await ask(`telling one person in ${at.channel}`, signal, async (client) => {
        if (/^[DUW]/.test(at.channel))
          await client.chat.postMessage({ channel: at.channel, ...thread, ...said });
        else await client.chat.postEphemeral({ channel: at.channel, user: to, ...thread, ...said });
      });
    } catch (error) {
      log("warn", `telling one person in ${at.channel}`, error);
    }
  }
}

function fillIn(words: string) {
  return {
    type: "actions" as const,
    elements: [
      {
        type: "button" as const,
        action_id: sayId,
        value: words,
        style: "primary" as const,
        text: plainText("Fill it in"),
      },
    ],
  };
}
