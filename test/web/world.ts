/** A console without an engine: a real server and a real database behind a door that follows a script. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { DrawnCard, Form } from "../../src/core/card.ts";
import { defineCommand } from "../../src/core/command.ts";
import type { Door, Intent } from "../../src/core/surface.ts";
import { Platform } from "../../src/platform/schema.ts";
import { rights } from "../../src/policy/rights.ts";
import { Version } from "../../src/roles/clusters.ts";
import { Environment, Service } from "../../src/roles/directory.ts";
import type { Database } from "../../src/store/database.ts";
import { type Bus, bus } from "../../src/surfaces/console/bus.ts";
import { type ServeParts, serve } from "../../src/web/server.ts";
import { cards, deployForm } from "../cards.ts";

export interface World {
  readonly url: string;
  readonly port: number;
  readonly bus: Bus;
  readonly database: Database;
  /** Everything that came through the door. */
  readonly intents: Intent[];
  /** Posts a card, or changes the one with this id. */
  put(message: Put): Promise<void>;
  /** Errors that nobody expected. */
  readonly reported: unknown[];
  close(): Promise<void>;
}
export interface Put {
  readonly id: string;
  readonly card: DrawnCard;
  readonly channel?: string;
  readonly kind?: "root" | "reply" | "note";
  readonly to?: string;
  readonly run?: string;
}

const platform: Platform = {
  ...Platform.parse(
    parse(readFileSync(join(import.meta.dirname, "../../manifests/platform.yaml"), "utf8")),
  ),
  version: "test",
};
const pass = () => ({ title: "" });
const commands = [
  defineCommand({
    name: "deploy",
    summary: "Makes a version the one that runs.",
    examples: ["deploy web 1.4.2 to production"],
    args: { service: Service, version: Version, environment: Environment },
    words: { to: "environment" },
    run: pass,
  }),
  defineCommand({
    name: "status",
    summary: "What runs where.",
    examples: ["status"],
    args: { service: Service.optional(), environment: Environment.optional() },
    words: { in: "environment" },
    run: pass,
  }),
  defineCommand({
    name: "help",
    summary: "What one can say.",
    examples: ["help"],
    args: {},
    run: pass,
  }),
  defineCommand({
    name: "logs",
    summary: "What a service writes.",
    examples: ["logs web in production"],
    args: { service: Service, environment: Environment, tail: z.coerce.number().optional() },
    words: { in: "environment" },
    run: pass,
  }),
];

/** Listens on a free port. The database stays the caller's. */
export async function world(database: Database, more: Partial<ServeParts> = {}): Promise<World> {
  const said = bus("test");
  const intents: Intent[] = [];
  const reported: unknown[] = [];
  let number = 0;

  const put = async (message: Put): Promise<void> => {
    const { id, card, channel = "general", kind = "root", to = null, run = null } = message;
    const known = await database.run(
      `UPDATE shipmate.messages SET drawn = $2::jsonb, edited_at = shipmate.now() WHERE id = $1`,
      [id, card],
    );
    if (known === 0)
      await database.run(
        `INSERT INTO shipmate.messages (id, surface, channel, kind, to_account, run, drawn, posted_rev, ref)
         VALUES ($1, 'console', $2, $3, $4, $5, $6::jsonb, 1, $1)`,
        [id, channel, kind, to, run, card],
      );
    const out = { id, card, ...(to === null ? {} : { to }) };
    said.tell({ is: "message", channel, message: out, isNew: known === 0 });
  };

  const script = async (intent: Intent): Promise<Awaited<ReturnType<Door["enter"]>>> => {
    number += 1;
    const { said: words, at } = intent;
    if ("text" in words) return hear(words.text, at.channel, intent.who.id);
    return pressed(words.button, words.message ?? "", words.values);
  };
  const hear = async (text: string, channel: string, who: string) => {
    if (text.trim() === "deploy") return { is: "form", form: plainForm } as const;
    if (text.startsWith("deploy")) {
      await put({ id: `run-${number}`, channel, run: `r${number}`, card: cards.waiting });
      return { is: "run", run: `r${number}` } as const;
    }
    const card: DrawnCard = {
      title: "Not understood",
      says: `Nothing is called "${text}".`,
      buttons: [],
    };
    await put({ id: `reply-${number}`, channel, kind: "reply", card, to: who });
    return { is: "card", card: { title: card.title }, private: true } as const;
  };
  const pressed = async (button: string, message: string, values: object | undefined) => {
    if (button === plainForm.id) {
      if (!("version" in (values ?? {}))) return { is: "form", form: deployForm } as const;
      await put({ id: `run-${number}`, run: `r${number}`, card: cards.planning });
      return { is: "run", run: `r${number}` } as const;
    }
    if (button.startsWith("approve")) await put({ id: message, card: cards.running });
    if (button.startsWith("reject")) await put({ id: message, card: cards.rejected });
    if (button.startsWith("roll-back")) await put({ id: message, card: cards["taken-back"] });
    return { is: "card", card: { title: "Done" }, private: true } as const;
  };
  const open = new Map<string, Intent>();
  const door: Door = {
    stands: async () => undefined,
    async store(intent) {
      if (open.has(intent.key)) return "seen";
      open.set(intent.key, intent);
      return "new";
    },
    async enter(key) {
      const intent = open.get(key);
      if (intent === undefined) return { is: "seen" };
      intents.push(intent);
      return script(intent);
    },
    check: () => ({}),
  };
  const served = await serve({
    host: "127.0.0.1",
    port: 0,
    mode: "local",
    door,
    database,
    bus: said,
    commands,
    platform: () => platform,
    look: async (_person, { op, input }) => looks(op, input) as never,
    rights: (id) => rights(platform, { id }),
    audit: async () => ({ holds: true, says: "All rows are as they were written." }),
    async *logs() {
      yield { text: "web 1.4.2 starting" };
      yield { text: "listening on 127.0.0.1:4102" };
    },
    mask: (value) => JSON.parse(JSON.stringify(value).replaceAll("hunter2-secret", "•••")),
    id: () => crypto.randomUUID(),
    report: (error) => reported.push(error),
    ...more,
  });
  return { ...served, bus: said, database, intents, put, reported };
}

const plainForm: Form = {
  ...deployForm,
  id: "form-0",
  fields: deployForm.fields.map(({ error: _, ...field }) => field),
};

function looks(op: string, input: unknown): unknown {
  if (op === "directory.services")
    return Object.entries(platform.services).map(([value, { owner, says }]) => ({
      ...{ value, owner, says },
      hint: `${says} (${owner})`,
    }));
  if (op === "directory.environments")
    return [
      { value: "staging", hint: "nobody has to approve" },
      { value: "production", hint: "payments must approve" },
    ];
  if (op === "clusters.versions")
    return ["1.5.0", "1.4.2", "1.4.1"].map((value) => ({ value, hint: "built 2 h ago" }));
  const at = z.object({ service: z.string(), environment: z.string() }).parse(input);
  if (at.service === "hello" && at.environment === "production")
    return { version: null, ready: 0, of: 0, url: null, since: null, restarts: 0 };
  return {
    version: at.environment === "staging" ? "1.5.0" : "1.4.2",
    ready: 5,
    of: 5,
    url: "http://127.0.0.1:4102/",
    since: Date.now() - 7_200_000,
    restarts: 0,
    ...(at.environment === "staging" && at.service === "web"
      ? { ready: 0, why: "keeps crashing: exit code 1 after 0.3 s" }
      : {}),
  };
}
