/** Says every few seconds that this process lives, so that others know whose code is about. */
import type { Database } from "./database.ts";
import { beat, type Replica, sayAlive, sayGone } from "./replicas.ts";

/** Comes back when it was said once. `failed` hears of errors; the next round tries again. */
export async function startBeating(
  database: Database,
  replica: Replica,
  failed: (error: unknown) => void,
): Promise<{ close(): Promise<void> }> {
  await sayAlive(database, replica, true);
  let under: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    under = under.then(() => sayAlive(database, replica, false)).catch(failed);
  }, beat);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await under;
      await sayGone(database, replica.id).catch(failed);
    },
  };
}
