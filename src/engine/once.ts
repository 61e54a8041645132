/** What must happen only once, however often it is said: what a command starts is named by this. */
import type { Intent } from "../core/surface.ts";
import type { Sql } from "../store/database.ts";
import { takeIntent } from "../store/inbox.ts";
import { findRun } from "../store/runs.ts";
import { sha256 } from "./digest.ts";

/** Presses of one button by one person within so many milliseconds are one: a double click, or impatience. */
const near = 10_000;

/**
 * The ids of the runs that a saying starts, one after the other. Only asking reads anything: whoever votes does not wait
 * for it. `form`: what it was said in, and then its name; `pressed`: a button of a message.
 */
export function runIds(
  sql: Sql,
  intent: Intent,
  { form, pressed }: { readonly form: string | undefined; readonly pressed: boolean },
): () => Promise<string> {
  let once: Promise<string> | undefined;
  let started = 0;
  return async () => {
    const nth = started++;
    once ??= form === undefined ? onceFor(sql, intent, pressed) : Promise.resolve(form);
    return runOf(await once, nth);
  };
}

/** The same for what is the same saying. `pressed`: a button of a message; other events are one each. */
async function onceFor(sql: Sql, intent: Intent, pressed: boolean): Promise<string> {
  const { at, key, said, who } = intent;
  const event = `${at.surface} ${key}`;
  if (!pressed || !("button" in said)) return event;
  // When it was stored, so that it is the same after a crash.
  const stored = await takeIntent(sql, at.surface, key);
  if (stored === undefined) return event;
  const named = (span: number) => sha256(["press", at.surface, said.button, who.id, span]);
  const span = Math.floor(stored.at / near);
  const before = await findRun(sql, runOf(named(span - 1), 0));
  const isSame = before !== undefined && stored.at - before.created_at < near;
  return named(isSame ? span - 1 : span);
}

/** The id of a run that a saying starts, the first, the second and so on. */
function runOf(once: string, nth: number): string {
  return sha256([once, nth]).slice(0, 20);
}
