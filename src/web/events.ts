/** Server-sent events: what happens, told to a page as long as it is open, and what it missed while it was not. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { findMessage } from "../store/views.ts";
import type { Heard } from "../surfaces/console/bus.ts";
import { view } from "./messages.ts";
import type { Parts } from "./parts.ts";

/** A comment now and then, so that both ends notice a dead line. Milliseconds. */
const heartbeat = 15_000;
/** A reader who lets this many bytes pile up is cut off; its page comes back and catches up. */
const slowest = 1_000_000;

/**
 * Tells `as` what they may see until the page goes away. With Last-Event-ID it first tells what was missed,
 * or `again` where that is too long ago: read everything again.
 */
export async function events(
  parts: Pick<Parts, "bus" | "database" | "mask">,
  as: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<undefined> {
  const { bus } = parts;
  open(response);
  // One after the other: a message's row is read before it is told, and the order must stay.
  let turn: Promise<void> = Promise.resolve();
  const hear = (heard: Heard): void => {
    turn = turn
      .then(() => tell(parts, as, heard, response))
      .catch(() => {
        response.destroy();
      });
  };
  const missed = since(request, parts);
  if (missed === undefined) response.write(`event: again\ndata: {}\n\n`);
  else if (missed.length === 0) response.write(": here\n\n");
  for (const heard of missed ?? []) hear(heard);
  const stop = bus.listen(hear);
  const beat = setInterval(() => response.write(": alive\n\n"), heartbeat);
  response.on("close", () => {
    clearInterval(beat);
    stop();
  });
  return undefined;
}

/** Makes the response an event stream. */
export function open(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write("retry: 1000\n\n");
}

/** What was missed; nothing for a page that comes for the first time, undefined where nobody knows. */
function since(
  request: IncomingMessage,
  { bus }: Pick<Parts, "bus">,
): readonly Heard[] | undefined {
  const last = request.headers["last-event-id"];
  if (typeof last !== "string" || last === "") return [];
  const [id, number] = last.split(".");
  return id === bus.id ? bus.since(Number(number)) : undefined;
}

async function tell(
  { bus, database, mask }: Pick<Parts, "bus" | "database" | "mask">,
  as: string,
  { number, told }: Heard,
  response: ServerResponse,
): Promise<void> {
  const write = (event: string, data: unknown): void => {
    const lines = `id: ${bus.id}.${number}\nevent: ${event}\ndata: ${JSON.stringify(mask(data))}\n\n`;
    if (response.writableLength > slowest) response.destroy();
    else response.write(lines);
  };
  if (told.is === "run") return write("run", { run: told.run });
  const id = told.is === "said" ? told.id : told.message.id;
  if (told.is === "message" && (told.message.to ?? as) !== as) return;
  const row = await findMessage(database, "console", id);
  if (row === undefined || (row.to_account ?? as) !== as) return;
  if (row.kind === "note") return write("run", { run: row.run });
  const isNew = told.is === "said" || told.isNew;
  write("message", { ...view(row, told.is === "message" ? told.message.card : row.drawn), isNew });
}
