/** The live log of a run, as server-sent events. */
import type { ServerResponse } from "node:http";
import { Refusal } from "../core/refusal.ts";
import { plain } from "../observe/text.ts";
import { open } from "./events.ts";
import type { Parts } from "./parts.ts";

/** Lines are told together at most this often, in milliseconds: a service may write thousands a second. */
const pace = 100;
/** More lines than this between two tellings are left out, and that is said. */
const most = 500;

/** Follows until the log ends or the page goes away. What a person may not read is said as a line. */
export async function follow(
  parts: Pick<Parts, "logs" | "mask">,
  person: string,
  run: string,
  response: ServerResponse,
): Promise<void> {
  open(response);
  const gone = new AbortController();
  let lines: string[] = [];
  let left = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    if (left > 0) lines.push(`(${left} lines left out)`);
    const data = JSON.stringify(parts.mask({ lines }));
    response.write(`event: lines\ndata: ${data}\n\n`);
    [lines, left] = [[], 0];
  };
  const end = (says: string): void => {
    flush();
    response.end(`event: end\ndata: ${JSON.stringify(parts.mask({ says }))}\n\n`);
  };
  const timer = setInterval(flush, pace);
  response.on("close", () => gone.abort());
  try {
    if (parts.logs === undefined) return end("There is no log to follow here.");
    for await (const { text } of parts.logs(person, run, gone.signal)) {
      if (lines.length < most) lines.push(plain(text));
      else left += 1;
    }
    end("");
  } catch (error) {
    if (gone.signal.aborted) return;
    end(
      error instanceof Refusal
        ? error.message
        : "The log could not be read. Try again in a moment.",
    );
    if (!(error instanceof Refusal)) throw error;
  } finally {
    clearInterval(timer);
  }
}
