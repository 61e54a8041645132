/** The console's API: say, click, and read what stands in the channels. */
import { z } from "zod";
import type { Answer, Intent } from "../core/surface.ts";
import { plain } from "../observe/text.ts";
import { isDown } from "../store/database.ts";
import {
  findMessage,
  insertSaid,
  listChannels,
  listMessages,
  rootsOf,
  viewRuns,
  waitingFor,
} from "../store/views.ts";
import { complete } from "./complete.ts";
import { events } from "./events.ts";
import { follow } from "./follow.ts";
import { view } from "./messages.ts";
import type { Parts } from "./parts.ts";
import { Answered, type Route, route } from "./route.ts";

const surface = "console";
const As = z.string().min(1).max(63).describe("Who acts: a person of manifests/platform.yaml.");
const Channel = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "use lower-case letters, digits and hyphens");
/** What somebody said is shown up to here; the door gets all of it. Characters. */
const shownWords = 4_000;

export function consoleRoutes(parts: Parts): readonly Route[] {
  const { database, bus, door } = parts;

  /** Hands an intent through the door; what breaks on the way is a sentence too. */
  async function enter(intent: Intent): Promise<unknown> {
    try {
      await door.store(intent);
    } catch (cause) {
      throw away(cause);
    }
    try {
      return { answer: brief(await door.enter(intent.key, surface)) };
    } catch (cause) {
      throw isDown(cause) ? noted(cause) : cause;
    }
  }
  function away(cause: unknown): Answered {
    const why = database.full?.()
      ? "The database's disk is full, so nothing was done. Try again when somebody has made room."
      : "The database does not answer, so nothing was done. Try again in a moment.";
    return Object.assign(new Answered(503, why), { cause });
  }
  function person(as: string): string {
    if (Object.hasOwn(parts.platform().people, as)) return as;
    const known = Object.keys(parts.platform().people).join(", ");
    throw new Answered(400, `There is nobody called "${as}" here. There are ${known}.`);
  }
  async function visible(id: string, as: string) {
    const message = await findMessage(database, surface, id);
    if (message !== undefined && (message.to_account ?? as) === as) return message;
    throw new Answered(404, "This message is not there any more.");
  }

  return [
    route({
      method: "POST",
      path: "/api/v1/console/say",
      summary: "Says a command in a channel.",
      params: z.object({}),
      body: z.strictObject({
        as: As,
        channel: Channel,
        text: z.string().refine((text) => text.trim() !== "", "say something"),
      }),
      answer: z.object({ answer: z.unknown() }),
      async handle({ body }) {
        const as = person(body.as);
        const id = parts.id();
        const text = cut(plain(body.text));
        await insertSaid(database, { id, surface, channel: body.channel, author: as, text }).catch(
          (cause) => {
            throw away(cause);
          },
        );
        bus.tell({ is: "said", channel: body.channel, id });
        return enter({
          key: parts.id(),
          who: { surface, id: as },
          at: { surface, channel: body.channel },
          said: { text: body.text },
        });
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/console/click",
      summary: "Presses a button, or sends a form.",
      params: z.object({}),
      body: z.strictObject({
        as: As,
        messageId: z
          .string()
          .max(200)
          .optional()
          .describe("Absent for a form that no message has."),
        channel: Channel.optional().describe("Where the form was opened, without a message."),
        button: z.string().min(1).max(200).describe("The opaque id of a button or form."),
        values: z.record(z.string().max(100), z.json()).optional(),
      }),
      answer: z.object({ answer: z.unknown() }),
      async handle({ body }) {
        const as = person(body.as);
        const { messageId, button, values } = body;
        const message = messageId === undefined ? undefined : await visible(messageId, as);
        const channel = message?.channel ?? body.channel;
        if (channel === undefined)
          throw new Answered(400, "Say in which message or channel this was pressed.");
        return enter({
          key: parts.id(),
          who: { surface, id: as },
          at: { surface, channel },
          said: {
            button,
            ...(message === undefined ? {} : { message: message.id }),
            ...(values === undefined ? {} : { values }),
          },
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/console/channels",
      summary: "The channels, and the number of the newest message in each.",
      params: z.object({ as: As.optional() }),
      async handle({ params }) {
        const { teams } = parts.platform();
        const written = await listChannels(database, surface, params.as ?? "");
        const last = new Map(written.map((row) => [row.channel, row.last]));
        const names = new Set(["general", ...Object.keys(teams), ...last.keys()]);
        return { channels: [...names].map((name) => ({ name, last: last.get(name) ?? 0 })) };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/console/channels/:channel/messages",
      summary: "The newest messages of a channel, as one person sees it.",
      params: z.object({
        channel: Channel,
        as: As.optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      async handle({ params: { channel, as, limit } }) {
        const query = { surface, channel, viewer: as ?? "", limit };
        const rows = await listMessages(database, query);
        return { messages: rows.map((row) => view(row)) };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/console/waiting",
      summary:
        "Runs that wait for this person's vote, with the messages in which they can give it.",
      params: z.object({ as: As }),
      async handle({ params }) {
        const as = person(params.as);
        const waiting = (await waitingFor(database, as)).filter((run) => run.by !== as);
        const ids = waiting.map((run) => run.id);
        const seen = new Set<string>();
        const messages = [];
        for (const root of await rootsOf(database, surface, ids)) {
          const row = seen.has(root.run)
            ? undefined
            : await findMessage(database, surface, root.id);
          seen.add(root.run);
          if (row !== undefined) messages.push(view(row));
        }
        return { runs: waiting, messages };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/console/people",
      summary: "Whom one can act as in local mode, with what they may do in words.",
      params: z.object({}),
      async handle() {
        const { people, teams } = parts.platform();
        return {
          people: Object.entries(people).map(([id, { name }]) => ({
            id,
            name,
            teams: Object.keys(teams).filter((team) => teams[team]?.members.includes(id)),
            rights: parts.rights(id),
          })),
        };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/console/complete",
      summary: "How a command that is being typed could go on.",
      params: z.object({ as: As.optional(), text: z.string().max(2_000).default("") }),
      handle: ({ params }) =>
        complete(params.text, {
          commands: parts.commands,
          look: (look) => parts.look(params.as ?? "", look),
          runs: async () => [
            ...(await viewRuns(database, { open: true, limit: 8 })),
            ...(await viewRuns(database, { open: false, limit: 8 })),
          ],
        }),
    }),
    route({
      method: "GET",
      path: "/api/v1/console/events",
      summary: "What happens, as server-sent events: message, run, again (read everything again).",
      params: z.object({ as: As.optional() }),
      handle: ({ params, request, response }) => events(parts, params.as ?? "", request, response),
    }),
    route({
      method: "GET",
      path: "/api/v1/console/runs/:run/log",
      summary: "The live log of a run's services, as server-sent events.",
      params: z.object({ run: z.string().max(100), as: As }),
      async handle({ params, response }) {
        await follow(parts, person(params.as), params.run, response);
        return undefined;
      },
    }),
  ];
}

/** It is in the inbox: somebody takes it up from there. */
function noted(cause: unknown): Answered {
  const sentence = "This is noted, and is done as soon as the database takes it.";
  return Object.assign(new Answered(503, sentence), { cause });
}

/** What the page has to know at once; everything else reaches it as messages. */
function brief(answer: Answer): unknown {
  switch (answer.is) {
    case "form":
      return { is: "form", form: answer.form };
    case "card": {
      const { title, says } = answer.card;
      return { is: "card", private: answer.private, text: says ?? title };
    }
    default:
      return answer;
  }
}

function cut(text: string): string {
  return text.length <= shownWords ? text : `${text.slice(0, shownWords)}…`;
}
