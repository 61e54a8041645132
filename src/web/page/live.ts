/** The event stream: told at once, resumed after a break by the browser, said so while it is away. */
import type { Message } from "./types.ts";

export interface Hears {
  message(message: Message): void;
  run(run: string): void;
  /** What was said until now may have been missed: read everything again. */
  again(): void;
  /** Whether the stream is there. */
  here(open: boolean): void;
}

/** Listens as one person until the answer is called. */
export function listen(as: string, hears: Hears): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    source = new EventSource(`/api/v1/console/events?${new URLSearchParams({ as })}`);
    source.addEventListener("message", (event) => hears.message(JSON.parse(event.data)));
    source.addEventListener("run", (event) => hears.run(JSON.parse(event.data).run));
    source.addEventListener("again", () => hears.again());
    source.addEventListener("open", () => {
      hears.here(true);
      // From here on nothing is missed. A page that heard nothing yet has no last id to hand on.
      hears.again();
    });
    source.addEventListener("error", () => {
      hears.here(false);
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
