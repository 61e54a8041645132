/** Runs as they stand in the database, kept as files: what replays of later code are held to. */
import { z } from "zod";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { loadWorkflows } from "../../src/engine/load-workflows.ts";
import { serve } from "../../src/engine/operations.ts";
import { clusters } from "../../src/roles/clusters.ts";
import { type Database, first, json } from "../../src/store/database.ts";
import { house } from "../engine/rig.ts";

export const History = z.object({
  /** What happened to it, in a few words: `deploy: taken back`. */
  name: z.string(),
  /** How it stood, or how it ended. */
  state: z.string(),
  says: z.string(),
  ended: z.boolean(),
  output: z.json(),
  /** Rows by table. */
  rows: z.record(z.string(), z.array(z.record(z.string(), z.json()))),
});
export type History = z.output<typeof History>;

const tables = ["runs", "journal", "plans", "votes", "presses"] as const;

export async function record(database: Database, name: string): Promise<History> {
  const rows: History["rows"] = {};
  for (const table of tables) {
    const Rows = z.object({ rows: z.array(z.record(z.string(), z.json())) });
    const all = await first(
      database,
      Rows,
      `SELECT coalesce(jsonb_agg(t ORDER BY t::text), '[]') AS rows FROM shipmate.${table} t`,
    );
    rows[table] = all?.rows ?? [];
  }
  const [run] = z.array(Ended).parse(rows["runs"]);
  if (!run) throw new Error(`${name}: there is no run`);
  const { state, says, ended_at, output } = run;
  return { name, state, says, output, ended: ended_at !== null, rows };
}
const Ended = z.object({
  state: z.string(),
  says: z.string(),
  output: z.json(),
  ended_at: z.number().nullable(),
});

/** Puts the run back as it stood before anything was driven further: due, and open. */
export async function putBack(database: Database, { rows }: History): Promise<void> {
  for (const table of tables) {
    for (const row of rows[table] ?? []) {
      const names = Object.keys(row).join(", ");
      await database.run(
        `INSERT INTO shipmate.${table} (${names}) OVERRIDING SYSTEM VALUE
         SELECT ${names} FROM jsonb_populate_record(null::shipmate.${table}, $1)`,
        [json(row)],
      );
    }
  }
  await database.run(
    "UPDATE shipmate.runs SET ended_at = NULL, rung = true, lease_until = 0, wake_at = NULL",
  );
}

/** Today's engine and workflows, on a provider whose faces are given one by one. */
export async function engineWith(
  database: Database,
  face: (operation: string) => unknown,
): Promise<Engine> {
  const provider = Object.fromEntries(Object.keys(clusters).map((key) => [key, face(key)]));
  return createEngine({
    ...{ database, policy: house, id: () => "run-1", nameOf: (id) => id },
    workflows: await loadWorkflows(new URL("../../workflows", import.meta.url).pathname),
    served: [serve(clusters, "local", provider as never)],
  });
}
