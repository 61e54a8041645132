/**
 * The servers that a test asks for: `const url = await postgres(context)`, with the context that Vitest gives a test
 * or a beforeEach. Where a server is missing, the test is skipped and the run's last lines say why; with
 * SHIPMATE_TEST_REQUIRE=1 it fails instead. What was handed out is cleared away when that test ends.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { Client } from "pg";

/** Who asks: as much of a test's context as is needed here. */
export interface Asker {
  skip(note: string): never;
  onTestFinished(clear: () => Promise<void>): void;
}

/** The URL of an empty database of this test's own. */
export async function postgres(asker: Asker): Promise<string> {
  const server = setting("SHIPMATE_TEST_DATABASE_URL");
  if (server === undefined) {
    leaveOut(
      asker,
      "PostgreSQL suites (apt-get install postgresql and set SHIPMATE_TEST_DATABASE_URL, as .ci/run does)",
    );
  }
  const name = unique();
  await administer(server, `CREATE DATABASE ${name}`);
  asker.onTestFinished(() => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** A Redis, and the prefix that every key of this test must start with (BullMQ's `prefix`). */
export async function redis(
  asker: Asker,
): Promise<{ readonly url: string; readonly prefix: string }> {
  const url = setting("SHIPMATE_TEST_REDIS_URL");
  if (url === undefined) {
    leaveOut(
      asker,
      "Redis suites (apt-get install redis-server and set SHIPMATE_TEST_REDIS_URL, as .ci/run does)",
    );
  }
  const prefix = unique();
  asker.onTestFinished(() => forget(url, prefix));
  return { url, prefix };
}

/** The path of a Chromium. */
export function chromium(asker: Asker): string {
  const found = onThePath(["chromium", "chromium-browser", "google-chrome"]);
  return found ?? leaveOut(asker, "browser suites (apt-get install chromium)");
}

function setting(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** Ends the test: skipped with the reason, or failed where all servers are required. */
export function leaveOut(asker: Asker, what: string): never {
  if (setting("SHIPMATE_TEST_REQUIRE") === "1")
    throw new Error(`SHIPMATE_TEST_REQUIRE is set, so nothing may be left out: ${what}`);
  return asker.skip(what);
}

function unique(): string {
  return `shipmate_test_${randomBytes(6).toString("hex")}`;
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  try {
    await client.connect();
    await client.query(statement);
  } catch (error) {
    throw new Error(`asking the tests' PostgreSQL: ${statement}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function forget(url: string, prefix: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
      if (Array.isArray(keys) && keys.length > 0) await client.del(keys.map(String));
    }
  } finally {
    client.disconnect();
  }
}

function onThePath(names: readonly string[]): string | undefined {
  const folders = (setting("PATH") ?? "").split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}
