/** A long history in a moment: one run that was really lived, copied by SQL. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { createEngine } from "../src/engine/engine.ts";
import { serve } from "../src/engine/operations.ts";
import { clusters } from "../src/roles/clusters.ts";
import { sealAudit } from "../src/store/audit.ts";
import { type Database, first } from "../src/store/database.ts";
import { upkeep } from "../src/store/upkeep.ts";
import { deploy, world } from "./world.ts";

/** One run lived for real, and copies of all its rows over 200 services. */
export async function fill(database: Database, runs: number): Promise<void> {
  await livedIn(database, 1, "seed");
  await sealAudit(database);
  await database.run(
    `UPDATE shipmate.messages SET posted_rev = wanted_rev, ref = id, drawn = '{"title":"Deploy"}'`,
  );
  const columns = await database.query(
    z.object({ table: z.string(), names: z.array(z.string()) }),
    `SELECT table_name AS table, jsonb_agg(column_name ORDER BY ordinal_position) AS names
     FROM information_schema.columns WHERE table_schema = 'shipmate' AND is_generated = 'NEVER' GROUP BY 1`,
  );
  const copy = (table: string, changes: string) => {
    const names = columns.find((one) => one.table === table)?.names ?? [];
    return `INSERT INTO shipmate.${table} (${names.join(", ")}) OVERRIDING SYSTEM VALUE
     SELECT ${names.map((name) => `copied.${name}`).join(", ")} FROM generate_series(1, ${runs}) n, shipmate.${table} t,
       LATERAL jsonb_populate_record(t, jsonb_build_object(${changes})) copied;`;
  };
  const run = "'run', 'run-' || n";
  await database.run(`
    INSERT INTO shipmate.journal (run, key, value, at)
      SELECT 'run-' || n, key, value, at FROM generate_series(1, ${runs}) n, shipmate.journal;
    ${copy("run_targets", `${run}, 'target', 'staging/service-' || n % 200`)}
    ${copy("plans", `${run}, 'id', nextval('shipmate.plans_id_seq')`)}
    INSERT INTO shipmate.votes (run, step, digest, person, vote, surface)
      SELECT 'run-' || n, 'ship it', 'digest', 'grace', 'yes', 'console' FROM generate_series(1, ${runs}) n;
    ${copy("messages", `${run}, 'id', t.id || n, 'number', nextval('shipmate.messages_number_seq')`)}
    ${copy("inbox", "'key', 'key-' || n")}
    INSERT INTO shipmate.audit (at, person, surface, did, run, digest, detail)
      SELECT at, person, surface, did, 'run-' || n, digest, detail
      FROM generate_series(1, ${runs}) n, shipmate.audit;
    INSERT INTO shipmate.audit_chain SELECT (SELECT max(seq) FROM shipmate.audit_chain) + row_number() OVER (), id, md5(id::text)
      FROM shipmate.audit WHERE id > (SELECT max(audit) FROM shipmate.audit_chain);
    ${copy("runs", "'id', 'run-' || n, 'number', nextval('shipmate.runs_number_seq')")}`);
  await database.run("VACUUM (ANALYZE)");
  await upkeep(database);
}

/** Milliseconds a run, of so many side by side. */
export async function livedIn(database: Database, count: number, name = "live"): Promise<number> {
  const engine = createEngine({
    database,
    served: [serve(clusters, "bench", world("good").provider)],
    workflows: [deploy],
    policy: () => ({ policy: "bench", needs: [], rule: "nobody has to approve", expires: 60_000 }),
    id: randomUUID,
  });
  engine.work();
  const by = { id: "ada", name: "Ada" };
  const began = performance.now();
  const ids = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const input = { service: `${name}-${n}`, version: randomUUID(), environment: "staging" };
      const at = { surface: "console", channel: "general" };
      const start = { workflow: "deploy", input, by, at };
      const id = await database.transaction((sql) => engine.start(sql, start));
      engine.ring([id]);
      return id;
    }),
  );
  const open = "SELECT count(*) AS n FROM shipmate.runs WHERE ended_at IS NULL";
  while (((await first(database, z.object({ n: z.number() }), open))?.n ?? 0) > 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
  const took = (performance.now() - began) / ids.length;
  await engine.close();
  await sealAudit(database);
  return took;
}
