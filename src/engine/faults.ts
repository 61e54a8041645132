/**
 * Faults: whatever a provider throws that is no refusal. Tried again after 2 s, 15 s and 60 s, then the run parks
 * with its card and a person decides. A fault alone never ends a run.
 */
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { plain } from "../observe/text.ts";
import { Fenced } from "../store/database.ts";
import { Abandoned, type Choices } from "./choices.ts";
import { Misfit } from "./misfit.ts";
import { keyOf, type Progress } from "./progress.ts";
import { sentence } from "./words.ts";

/** How long to wait before each further try, in milliseconds. */
const backoff: readonly number[] = [2_000, 15_000, 60_000];

const Fault = z.object({
  count: z.number(),
  says: z.string(),
  first: z.number(),
  last: z.number(),
  asked: z.number(),
});
type Fault = z.output<typeof Fault>;

export interface Steady {
  readonly step: string;
  /** Unique in the step: the place of an operation, `plan`, `look`. */
  readonly scope: string;
  /** What was being done, in a person's words: `release web 1.4.2 to production`. */
  readonly what: string;
  readonly choices: Choices;
  /** It has to be done, whatever a provider says: a refusal counts as a fault too. */
  readonly insists?: boolean | undefined;
  /** When it is looked at again in any case, in milliseconds since 1970, also where a person is asked. */
  readonly until?: number | undefined;
}

/** Does the work, again and again with pauses between, until it gives or refuses; parks where it keeps failing. */
export async function steady<T>(
  progress: Progress,
  how: Steady,
  work: () => Promise<T>,
): Promise<T> {
  const key = keyOf(how.step, how.scope, "fault");
  for (;;) {
    const fault = progress.has(key) ? Fault.parse(progress.get(key)) : undefined;
    if (fault) await waitFor(progress, how, key, fault);
    const now = progress.has(key) ? Fault.parse(progress.get(key)) : undefined;
    try {
      const gave = await work();
      if (now && now.count > 0) await progress.put([{ key, value: { ...now, count: 0 } }]);
      return gave;
    } catch (error) {
      const refused = error instanceof Refusal && !how.insists;
      if (refused || isExpected(error) || progress.signal.aborted) throw error;
      const count = (now?.count ?? 0) + 1;
      const first = now && now.count > 0 ? now.first : progress.now();
      const next = { count, says: faultText(error), first, asked: now?.asked ?? 0 };
      await progress.put([{ key, value: { ...next, last: progress.now() } }], { shows: true });
      const { says } = next;
      progress.meter?.({ is: "fault", run: progress.run.id, step: how.step, says, count });
    }
  }
}

/** What an error says to a person: the innermost cause, in one plain line of at most 200 characters. */
export function faultText(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const message =
    inner instanceof z.ZodError
      ? "it answered in an unexpected shape"
      : String(inner instanceof Error ? inner.message : inner);
  const line = plain(message).replaceAll(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** A lost claim ends the driver, an abandoned run is over, changed code decides nothing: none is a fault. */
export function isExpected(error: unknown): boolean {
  return error instanceof Fenced || error instanceof Abandoned || error instanceof Misfit;
}

async function waitFor(progress: Progress, how: Steady, key: string, fault: Fault): Promise<void> {
  const pause = backoff[fault.count - 1];
  if (fault.count === 0) return;
  if (pause !== undefined) {
    const due = fault.last + pause;
    if (progress.now() >= due) return;
    const says = `${how.what} did not work (${fault.says}). Trying again.`;
    const wake = Math.min(due, how.until ?? due);
    return progress.park({ kind: "fault", step: how.step, says: sentence(says) }, wake);
  }
  const wait = `${key}/${fault.asked}`;
  const pressed = progress.presses.get(wait);
  if (!pressed) {
    const seconds = Math.max(1, Math.round((fault.last - fault.first) / 1000));
    const says = `${how.what} did not work, ${fault.count} times in ${seconds} s (${fault.says}). Nothing was lost.`;
    const { buttons } = how.choices;
    return progress.park(
      { kind: "press", step: how.step, wait, says: sentence(says), buttons },
      how.until,
    );
  }
  const next = { ...fault, count: 0, asked: fault.asked + 1 };
  if (pressed.button === "try-again")
    return progress.put([{ key, value: next }], { state: "running" });
  await how.choices.decide(pressed, `${sentence(how.what)} did not work (${fault.says}).`);
}
