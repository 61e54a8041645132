/** Databases for what is run by hand: on the servers that the tests' settings name. */
import { randomBytes } from "node:crypto";
import { openPostgres } from "../../src/store/postgres.ts";
import type { Place } from "./fleet.ts";

/** `pglite`, `postgres` or `fleet`; `clear` drops it. */
export async function places(
  mode: string,
): Promise<{ readonly place: Place; clear(): Promise<void> }> {
  if (mode === "pglite") return { place: { mode }, clear: async () => {} };
  const server = setting("SHIPMATE_TEST_DATABASE_URL");
  const name = `shipmate_chaos_${randomBytes(4).toString("hex")}`;
  await administer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const clear = () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  if (mode !== "fleet") return { place: { mode: "postgres", database: url.href }, clear };
  const redis = setting("SHIPMATE_TEST_REDIS_URL");
  return { place: { mode, database: url.href, redis: ownRedis(redis) }, clear };
}

/** One of Redis' numbered databases: bells of others on the same server are not ours. */
export function ownRedis(server: string): string {
  const url = new URL(server);
  url.pathname = `/${1 + Math.floor(Math.random() * 15)}`;
  return url.href;
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name} to a server that may be used`);
  return value;
}

async function administer(server: string, statement: string): Promise<void> {
  const database = await openPostgres(server, { max: 1 });
  await database.run(statement).finally(() => database.close());
}
