/** What was said: stored before anything else is done about it, and remembered until its turn. */
import type { Intent } from "../core/surface.ts";
import { type Meter, secondsSince } from "../observe/meter.ts";
import { findButton, type Pressed } from "../store/buttons.ts";
import type { Database } from "../store/database.ts";
import { storeIntent, takeIntent } from "../store/inbox.ts";
import { notTaken } from "./answers.ts";

export interface Heard {
  readonly intent: Intent;
  /** The button that was pressed, looked for while the press was stored. */
  readonly button?: Promise<Pressed | undefined>;
}
export interface Hearing {
  /** On the disk when it comes back. Throws what the asker may read where it was not taken. */
  store(intent: Intent): Promise<"new" | "seen">;
  /** Once: what this process stored, or what another one did and nobody dealt with. */
  take(key: string, surface: string): Promise<Heard | undefined>;
}

/** How many are remembered between their ack and their turn; the rest is read from the inbox. */
const most = 1_000;

export function hearing(database: Database, meter: Meter | undefined): Hearing {
  const fresh = new Map<string, Heard>();

  const storing = async (intent: Intent): Promise<"new" | "seen"> => {
    const [began, { surface }] = [performance.now(), intent.at];
    let came: "new" | "seen" | "failed" = "failed";
    meter?.({ is: "passed", point: "before inbox" });
    try {
      came = await storeIntent(database.urgent, intent);
      return came;
    } catch (cause) {
      throw notTaken(database, cause);
    } finally {
      meter?.({ is: "stored", surface, came, seconds: secondsSince(began) });
    }
  };
  return {
    async store(intent) {
      const { key, at, said } = intent;
      const button = "button" in said ? findButton(database, said.button) : undefined;
      button?.catch(() => {}); // whoever takes it hears of that
      const stored = await storing(intent);
      if (stored === "new" && fresh.size < most)
        fresh.set(`${at.surface} ${key}`, { intent, ...(button && { button }) });
      return stored;
    },
    async take(key, surface) {
      const name = `${surface} ${key}`;
      const known = fresh.get(name);
      fresh.delete(name);
      if (known) return known;
      const taken = await takeIntent(database, surface, key);
      return taken && !taken.done ? { intent: taken.intent } : undefined;
    },
  };
}
