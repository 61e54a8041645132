/** The servers that tests ask for are their own and are cleared away. */
import { Redis } from "ioredis";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { type Asker, chromium, postgres, redis } from "./servers.ts";

describe("postgres", () => {
  test("two tests get two empty databases, which are gone afterwards", async (context) => {
    const ends: (() => Promise<void>)[] = [];
    const asker = {
      skip: context.skip,
      onTestFinished: (end: () => Promise<void>) => void ends.push(end),
    };
    const [one, other] = [await postgres(asker), await postgres(asker)];
    expect(one).not.toBe(other);
    expect(
      await ask(one, "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'"),
    ).toEqual([{ n: 0 }]);
    const held = new Client({ connectionString: one });
    held.on("error", () => undefined);
    await held.connect();
    for (const end of ends) await end();
    await expect(ask(one, "SELECT 1")).rejects.toThrow("does not exist");
    await held.end().catch(() => undefined);
  });
});

describe("redis", () => {
  test("the keys of one test are cleared away, another's stay", async (context) => {
    const ends: (() => Promise<void>)[] = [];
    const mine = await redis({ skip: context.skip, onTestFinished: (end) => void ends.push(end) });
    const others = await redis(context);
    const client = new Redis(mine.url);
    await client.mset(`${mine.prefix}:a`, "1", `${others.prefix}:b`, "2");
    for (const end of ends) await end();
    expect(await client.exists(`${mine.prefix}:a`)).toBe(0);
    expect(await client.exists(`${others.prefix}:b`)).toBe(1);
    client.disconnect();
  });
});

describe("a server that is missing", () => {
  const missing = ["SHIPMATE_TEST_DATABASE_URL", "SHIPMATE_TEST_REDIS_URL", "PATH"];
  const asks = [postgres, redis, async (asker: Asker) => chromium(asker)];

  test("leaves the test out with a reason that says how to get it", async ({ onTestFinished }) => {
    const reasons: unknown[] = [];
    const asker = {
      onTestFinished,
      skip: (note: unknown) => {
        reasons.push(note);
        throw new Error("skipped");
      },
    } as Asker;
    await without(missing, {}, async () => {
      for (const ask of asks) await expect(ask(asker)).rejects.toThrow("skipped");
    });
    for (const reason of reasons) expect(reason).toContain("apt-get install");
  });

  test("fails the test where all servers are required", async (context) => {
    await without(missing, { SHIPMATE_TEST_REQUIRE: "1" }, async () => {
      for (const ask of asks) await expect(ask(context)).rejects.toThrow("SHIPMATE_TEST_REQUIRE");
    });
  });
});

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Runs `body` in an environment without these settings. */
async function without(
  names: readonly string[],
  instead: Record<string, string>,
  body: () => Promise<void>,
) {
  const before = process.env;
  process.env = {
    ...before,
    SHIPMATE_TEST_REQUIRE: "",
    ...Object.fromEntries(names.map((name) => [name, ""])),
    ...instead,
  };
  try {
    await body();
  } finally {
    process.env = before;
  }
}
