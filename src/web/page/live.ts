/** The event stream: told at once, resumed after a break by the browser, said so while it is away. */
import type { Message } from "./types.ts";

export interface Hears {
  message(message: Message): void;
  run(run: string): void;
  /** Too much was missed: read everything again. */
  again(): void;
  /** Whether the stream is there. */
  here(open: boolean): void;
}

/** Listens as one person until the answer is called. */
export function listen(as: string, hears: Hears): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lost = false;
  const connect = (): void => {
    source = new EventSource(`/api/v1/console/events?${new URLSearchParams({ as })}`);
    source.addEventListener("message", (event) => hears.message(JSON.parse(event.data)));
    source.addEventListener("run", (event) => hears.run(JSON.parse(event.data).run));
    source.addEventListener("again", () => hears.again());
    source.addEventListener("open", () => {
      hears.here(true);
      // The browser hands on the last id it heard; a page that heard nothing yet has none.
      if (lost) hears.again();
      lost = false;
    });
    source.addEventListener("error", () => {
      hears.here(false);
      lost = true;
      // The browser tries again by itself, unless the server answered with an error.
      if (source.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(connect, 2_000);
    });
  };
  connect();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
