/** A note: a line in the thread of a run's card. */
import type { Card } from "../core/card.ts";
import { insertNote } from "../store/messages.ts";
import { asJson } from "./acts.ts";
import * as limits from "./limits.ts";
import { keyOf, type Progress } from "./progress.ts";

/** `before`: how many notes the run had before this one. Those that are too many stand in the journal alone. */
export async function noteOnce(
  progress: Progress,
  name: string,
  says: string | Card,
  before: number,
): Promise<void> {
  const key = keyOf(name, "note");
  if (progress.has(key)) return;
  const card: Card = typeof says === "string" ? { title: says } : says;
  limits.expectOneNote(name, asJson(card));
  if (before > limits.notes) return progress.put([{ key, value: asJson(card) }]);
  const last = { title: `This run writes more lines than the ${limits.notes} that are posted.` };
  const posted = before === limits.notes ? last : card;
  await progress.transact(async (sql) => {
    await insertNote(sql, progress.run.id, name, posted);
    return { put: [{ key, value: asJson(card) }], value: undefined };
  });
}
