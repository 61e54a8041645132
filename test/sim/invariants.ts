/** What must hold once faults have stopped and everything came to rest. */
import { z } from "zod";
import { checkAudit, sealAudit } from "../../src/store/audit.ts";
import type { Database } from "../../src/store/database.ts";
import type { World } from "../engine/world/world.ts";
import type { Chat } from "./chat.ts";
import type { Witness } from "./witness.ts";

export interface Rest {
  readonly database: Database;
  readonly world: World;
  readonly chat: Chat;
  readonly witness: Witness;
  /** The keys of every event that was acked. */
  readonly acked: ReadonlySet<string>;
  readonly wrong: (says: string) => void;
}

const Told = z.object({
  run: z.string(),
  state: z.string(),
  did: z.string(),
  detail: z.object({ step: z.string(), place: z.string(), op: z.string(), key: z.string() }),
});
const Left = z.object({ what: z.string() });
const Root = z.object({
  id: z.string(),
  ref: z.string().nullable(),
  number: z.number(),
  state: z.string(),
});

export async function atRest(rest: Rest): Promise<void> {
  await allEnded(rest);
  await effectsTold(rest);
  await cardsTrue(rest);
  await sealAudit(rest.database);
  const checked = await checkAudit(rest.database);
  if (!checked.ok) rest.wrong(`I7: ${checked.says}`);
}

/** I6: what was acked came to its end, and nothing is left over. */
async function allEnded({ database, acked, wrong }: Rest): Promise<void> {
  const left = await database.query(
    Left,
    `SELECT 'run ' || number || ' (' || workflow || ') is still ' || state || ': ' || COALESCE(waits::text, '') AS what
       FROM shipmate.runs WHERE ended_at IS NULL
     UNION ALL SELECT 'nothing came of ' || key FROM shipmate.inbox WHERE done_at IS NULL
     UNION ALL SELECT 'a lock is left on ' || target FROM shipmate.locks
     UNION ALL SELECT 'a plan is open of ' || run FROM shipmate.plans WHERE state = 'open'
     UNION ALL SELECT 'a message is behind: ' || id FROM shipmate.messages WHERE wanted_rev > posted_rev`,
  );
  for (const { what } of left) wrong(`I6: ${what}`);
  const Key = z.object({ key: z.string() });
  const stored = await database.query(Key, "SELECT key FROM shipmate.inbox");
  const keys = new Set(stored.map((row) => row.key));
  for (const key of acked) if (!keys.has(key)) wrong(`I6: ${key} was acked and is gone`);
}

/** I1 and I7: each effect happened once in its place, and one row of the audit tells of it. */
async function effectsTold({ database, world, witness, wrong }: Rest): Promise<void> {
  const told = await database.query(
    Told,
    `SELECT a.run, r.state, a.did, a.detail FROM shipmate.audit a JOIN shipmate.runs r ON r.id = a.run
     WHERE a.did IN ('carried out', 'took back') ORDER BY a.id`,
  );
  const States = z.object({ id: z.string(), state: z.string() });
  const states = await database.query(States, "SELECT id, state FROM shipmate.runs");
  const gaveUp = new Set(states.filter((run) => run.state === "abandoned").map((run) => run.id));
  const seen = new Set<string>();
  for (const write of world.writes) {
    const place = witness.places.get(write.key);
    const at = place ? `${place.run} ${place.entry}` : write.key;
    if (seen.has(at)) wrong(`I1: ${write.op} happened twice at ${at}`);
    seen.add(at);
    const rows = told.filter((row) => row.detail.key === write.key);
    // A person who gave a run up did so without knowing what became of this.
    if (rows.length === 0 && place && gaveUp.has(place.run)) continue;
    if (rows.length !== 1 || rows[0]?.detail.op !== write.op)
      wrong(`I7: ${rows.length} rows of the audit tell of ${write.op} at ${at}`);
  }
  const places = told.map(({ run, detail }) => `${run} ${detail.step} ${detail.place}`);
  if (new Set(places).size !== places.length) wrong("I1: the audit tells of one place twice");
}

/** I8: one card a run, and it says how the run ended. */
async function cardsTrue({ database, chat, wrong }: Rest): Promise<void> {
  const roots = await database.query(
    Root,
    `SELECT m.id, m.ref, r.number, r.state FROM shipmate.messages m JOIN shipmate.runs r ON r.id = m.run
     WHERE m.kind = 'root' AND r.ended_at IS NOT NULL`,
  );
  for (const { id, ref, number, state } of roots) {
    const there = [...chat.there].filter(([, message]) => message.id === id);
    if (there.length > 1) wrong(`I8: run ${number} has ${there.length} cards`);
    // Somebody may have deleted it after its end; then nothing asks for it any more.
    const card = there.find(([at]) => at === ref)?.[1].card;
    const word = card?.state?.word.toLowerCase();
    if (card && word !== state) wrong(`I8: the card of run ${number} says ${word}, it is ${state}`);
  }
}
