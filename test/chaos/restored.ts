/** A backup is made in the middle of runs, life goes on, and the backup is brought back: what the next Shipmate makes of it. */
import { execFile } from "node:child_process";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { checkAudit, sealAudit } from "../../src/store/audit.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { until } from "../shipmate.ts";
import { type Fleet, openFleet, type Replica } from "./fleet.ts";
import { ownPostgres, programs } from "./own-servers.ts";
import type { Told } from "./words.ts";

const Card = z.object({
  title: z.string(),
  says: z.string().optional(),
  /** Notes in its thread have none. */
  state: z.object({ word: z.string() }),
  buttons: z.array(z.object({ id: z.string(), label: z.string() })),
});
type Card = z.output<typeof Card>;

export interface Restored {
  /** How each run that the backup knows of ended, by its title. */
  readonly ends: { readonly [title: string]: string };
  /** Effects of those runs that were done a second time, though nobody approved that. */
  readonly twice: readonly string[];
  /** What the card says whose target was changed by a run that the backup does not know. */
  readonly moved: string;
  /** Root messages that were posted a second time. */
  readonly postedTwice: number;
  /** What the audit says by itself, and what the log says about what was seen before. */
  readonly audit: string;
  readonly warned: boolean;
}

interface Keeper {
  backup(replica: Replica): Promise<Replica>;
  restore(): Promise<void>;
  clear(): Promise<void>;
}

export async function restored(mode: "pglite" | "postgres"): Promise<Restored> {
  const server = mode === "postgres" ? await ownPostgres() : undefined;
  const fleet = await openFleet(
    server ? { mode: "postgres", database: server.url } : { mode: "pglite" },
  );
  const keeper = server ? dumps(server.url, fleet) : copies(fleet);
  try {
    let replica = fleet.launch(0);
    await replica.ready;
    let said = 0;
    const say = (who: string, what: { text: string } | { button: string; message: string }) =>
      replica.hear({ key: `say-${said++}`, who, channel: "c1", said: what });
    const deploy = (service: string, version: string, environment = "staging") =>
      say("ada", { text: `deploy ${service} ${version} to ${environment}` });
    const press = async (title: string, label: string) => {
      const { ref, card } = await shown(fleet, title);
      const button = card.buttons.find((one) => one.label === label);
      if (button) await say("grace", { button: button.id, message: ref });
    };
    const ends = (title: string) =>
      until(title, async () => over.test((await shown(fleet, title)).card.state.word), 120_000);
    const asks = (title: string, from = 0) =>
      until(
        title,
        async () => (await shown(fleet, title, from)).card.buttons.some(isApprove),
        120_000,
      );

    await deploy("s3", "1.0.5", "production");
    await deploy("s4", "1.0.5", "production");
    await asks("Deploy s3 1.0.5 to production");
    await asks("Deploy s4 1.0.5 to production");
    // Their migration is done, and no answer came yet: the intent stands in the backup, the result does not.
    await fleet.outside({ is: "mood", slow: 6_000, lost: 0 });
    const flying = ["s10", "s11", "s12", "s13", "s14", "s15"];
    for (const service of flying) await deploy(service, "1.0.2");
    await until("some migrations", async () => (await fleet.told()).effects.length >= 3, 120_000);
    replica = await keeper.backup(replica);
    await fleet.outside({ is: "mood", slow: 0, lost: 0 });

    const titles = flying.map((service) => `Deploy ${service} 1.0.2 to staging`);
    for (const title of titles) await ends(title);
    await press("Deploy s3 1.0.5 to production", "Approve");
    await ends("Deploy s3 1.0.5 to production");
    await deploy("s3", "1.0.7", "production");
    await asks("Deploy s3 1.0.7 to production");
    await press("Deploy s3 1.0.7 to production", "Approve");
    await ends("Deploy s3 1.0.7 to production");
    // The backup knows of some thirty rows of the audit at most.
    await until("the witness", async () => (await witnessed(fleet)) >= 40, 120_000);
    const before = await fleet.told();

    replica.kill("SIGKILL");
    await replica.ended;
    await keeper.restore();
    replica = fleet.launch(0);
    await replica.ready;
    await until("the runs that were under way", () => atRest(replica, 2), 120_000);
    await press("Deploy s4 1.0.5 to production", "Approve");
    await ends("Deploy s4 1.0.5 to production");
    await asks("Deploy s3 1.0.5 to production", before.messages.length);
    await press("Deploy s3 1.0.5 to production", "Approve");
    const moved = await until(
      "the question about what has moved",
      async () => {
        const { card } = await shown(
          fleet,
          "Deploy s3 1.0.5 to production",
          before.messages.length,
        );
        return JSON.stringify(card).includes("1.0.7") && JSON.stringify(card);
      },
      120_000,
    );
    const warned = replica.complained().includes("The audit lacks rows that were seen before");
    replica.kill("SIGTERM");
    await replica.ended;
    return { ...(await judged(fleet)), moved, warned };
  } finally {
    await fleet.close();
    await keeper.clear();
    await server?.close();
  }
}

const over = /^(Succeeded|Taken back|Refused|Cancelled|Rejected|Abandoned|Nothing to do)$/;
const isApprove = ({ label }: { readonly label: string }) => label === "Approve";

async function judged(fleet: Fleet) {
  const told = await fleet.told();
  const done = Map.groupBy(
    told.effects.filter(({ again }) => !again),
    ({ op, target, version }) => `${op} ${target} ${version}`,
  );
  const posts = Map.groupBy(
    told.messages.filter(({ posted, id }) => posted && !/\.(call|note)\./.test(id)),
    ({ id }) => id,
  );
  const database = await fleet.open();
  try {
    await sealAudit(database);
    const checked = await checkAudit(database);
    const Row = z.object({ title: z.string(), state: z.string() });
    const rows = await database.query(Row, "SELECT title, state FROM shipmate.runs");
    return {
      ends: Object.fromEntries(rows.map(({ title, state }) => [title, state])),
      twice: [...done].filter(([, all]) => all.length > 1).map(([what]) => what),
      postedTwice: [...posts.values()].filter((all) => all.length > 1).length,
      audit: checked.ok ? "whole" : checked.says,
    };
  } finally {
    await database.close();
  }
}

/** A run's card as it stands now, with its reference. */
async function shown(fleet: Fleet, title: string, from = 0) {
  const told: Told = await fleet.outside({ is: "told", effects: 0, messages: from });
  const cards = told.messages.flatMap(({ ref, card }): { ref: string; card: Card }[] => {
    const read = Card.safeParse(card);
    return read.success && read.data.title === title ? [{ ref, card: read.data }] : [];
  });
  return cards.at(-1) ?? { ref: "", card: { title, state: { word: "" }, buttons: [] } };
}

/** How many rows of the audit were seen. */
async function witnessed(fleet: Fleet): Promise<number> {
  const file = join(fleet.folder, "home-0/audit-head.json");
  const text = await readFile(file, "utf8").catch(() => '{"count":0}');
  return z.object({ count: z.number() }).parse(JSON.parse(text)).count;
}

/** Whether no more than so many runs are open. */
async function atRest(replica: Replica, most: number): Promise<boolean> {
  const text = await (await fetch(new URL("/metrics", replica.url()))).text();
  const counts = [...text.matchAll(/^shipmate_runs\{[^}]*\} (\d+)$/gm)].map(([, n]) => Number(n));
  return counts.length > 0 && counts.reduce((a, b) => a + b, 0) <= most;
}

/** PostgreSQL's own way, while everything runs. */
function dumps(url: string, fleet: Fleet): Keeper {
  const file = join(fleet.folder, "shipmate.dump");
  const run = promisify(execFile);
  return {
    async backup(replica) {
      await run(join(programs(), "pg_dump"), ["--format=custom", `--file=${file}`, url]);
      return replica;
    },
    async restore() {
      const server = await openPostgres(url, { max: 1 });
      await server.run("DROP SCHEMA shipmate CASCADE");
      await server.close();
      await run(join(programs(), "pg_restore"), ["--exit-on-error", `--dbname=${url}`, file]);
    },
    clear: () => rm(file, { force: true }),
  };
}

/** The embedded database's: stopped, copied, started again. */
function copies(fleet: Fleet): Keeper {
  const folder = join(fleet.folder, "home-0/database");
  const copy = join(fleet.folder, "backup");
  return {
    async backup(replica) {
      replica.kill("SIGTERM");
      await replica.ended;
      await cp(folder, copy, { recursive: true });
      const next = fleet.launch(0);
      await next.ready;
      return next;
    },
    async restore() {
      await rm(folder, { recursive: true });
      await cp(copy, folder, { recursive: true });
    },
    clear: async () => {},
  };
}
