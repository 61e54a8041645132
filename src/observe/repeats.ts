/** Keeps an error that happens over and over (a broker that is away) from filling the log. */

/** What is needed of a clock: milliseconds, and a call later that keeps no process alive. */
export type Later = (call: () => void, milliseconds: number) => { cancel(): void };

export interface Repeats {
  /**
   * Says it at once when it is new under this key. Repeats within the span are counted, and when it is
   * over one line tells their number: `said 241 more times in the last minute`.
   */
  say(key: string, text: string, error?: unknown): void;
  /** Says what is still counted, and waits for nothing any more. */
  close(): void;
}

/** At most this many different keys are counted at once; further ones are said each time. */
const most = 1_000;

/** `write` gets what is to be logged. The span is a minute unless told otherwise. */
export function repeats(
  write: (text: string, error: unknown) => void,
  { span = 60_000, later = unhurried }: { readonly span?: number; readonly later?: Later } = {},
): Repeats {
  const counted = new Map<string, Counted>();

  function begin(key: string): void {
    const timer = later(() => tell(key, true), span);
    counted.set(key, { more: 0, last: undefined, timer });
  }
  function tell(key: string, goOn: boolean): void {
    const entry = counted.get(key);
    if (entry === undefined) return;
    counted.delete(key);
    if (entry.more === 0 || entry.last === undefined) return;
    const times = entry.more === 1 ? "once more" : `${entry.more} more times`;
    write(`${entry.last.text} (said ${times} in the last ${spoken(span)})`, entry.last.error);
    if (goOn) begin(key);
  }
  return {
    say(key, text, error) {
      const entry = counted.get(key);
      if (entry !== undefined) {
        entry.more++;
        entry.last = { text, error };
        return;
      }
      write(text, error);
      if (counted.size < most) begin(key);
    },
    close() {
      for (const [key, { timer }] of [...counted]) {
        timer.cancel();
        tell(key, false);
      }
    },
  };
}

interface Counted {
  more: number;
  last: { readonly text: string; readonly error: unknown } | undefined;
  readonly timer: { cancel(): void };
}

function spoken(span: number): string {
  return span === 60_000 ? "minute" : `${Math.round(span / 1_000)} s`;
}

const unhurried: Later = (call, milliseconds) => {
  const timer = setTimeout(call, milliseconds).unref();
  return { cancel: () => clearTimeout(timer) };
};
