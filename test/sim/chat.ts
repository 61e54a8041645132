/** A chat that keeps what is posted, and looks at each card whether it says more than is so (I8). */
import { z } from "zod";
import { Gone, type OutMessage, type Surface } from "../../src/core/surface.ts";
import type { Database } from "../../src/store/database.ts";

export interface Chat extends Surface {
  /** What stands there, by reference. */
  readonly there: Map<string, OutMessage>;
  /** Somebody deletes a message. */
  remove(ref: string): void;
}

const Row = z.object({ kind: z.string(), state: z.string().nullable(), ended: z.boolean() });

export function chatOf(database: Database, wrong: (says: string) => void): Chat {
  const there = new Map<string, OutMessage>();
  let posts = 0;
  const heed = async ({ id, card }: OutMessage): Promise<void> => {
    const [row] = await database.query(
      Row,
      `SELECT m.kind, r.state, r.ended_at IS NOT NULL AS ended
       FROM shipmate.messages m LEFT JOIN shipmate.runs r ON r.id = m.run WHERE m.id = $1`,
      [id],
    );
    if (!row) return wrong(`I8: ${id} was posted, and nobody wanted it`);
    if (row.kind !== "root" || card.state?.tone !== "good") return;
    if (!row.ended) wrong(`I8: ${id} claims ${card.state.word} while its run is ${row.state}`);
  };
  return {
    name: "chat",
    pace: 1_000,
    there,
    remove: (ref) => void there.delete(ref),
    async post(_place, message) {
      if ([...there.values()].some((one) => one.id === message.id))
        wrong(`${message.id} was posted twice`);
      await heed(message);
      const ref = `ref-${++posts}`;
      there.set(ref, message);
      return ref;
    },
    async edit(_place, ref, message) {
      if (!there.has(ref)) throw new Gone("message_not_found");
      await heed(message);
      there.set(ref, message);
    },
    find: async (_place, id) => [...there].find(([, one]) => one.id === id)?.[0],
    async close() {},
  };
}
