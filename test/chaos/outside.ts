/**
 * The outside, as a process of its own: a place where services run, and a chat. It outlives every Shipmate, writes each
 * effect and each post down as it comes in, and knows nothing of runs. `node test/chaos/outside.ts FOLDER`
 */
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { Ask, type At, type Effect, type Message } from "./words.ts";

const [folder = "."] = process.argv.slice(2);
const write = (file: string, line: object) =>
  appendFileSync(join(folder, file), `${JSON.stringify(line)}\n`);
const running = new Map<string, string>();
const looks = new Map<string, number>();
const did = new Set<string>();
const effects: Effect[] = [];
const messages: Message[] = [];
const roots = new Map<string, Pick<Message, "id" | "channel">>();
let mood = { slow: 0, lost: 0 };

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
    const ask = Ask.parse(JSON.parse(Buffer.concat(chunks).toString()));
    const answer = JSON.stringify(answerTo(ask));
    if (ask.is !== "told" && ask.is !== "mood") {
      if (mood.slow > 0) await sleep(mood.slow * Math.random());
      // What was asked is done, and whoever asked never hears of it.
      if (Math.random() < mood.lost) return void response.destroy();
    }
    response.end(answer);
  } catch {
    response.destroy();
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address) process.stdout.write(`port ${address.port}\n`);
});

function answerTo(ask: z.output<typeof Ask>): unknown {
  switch (ask.is) {
    case "running":
      return running.get(targetOf(ask.at)) ?? null;
    case "rollout":
      return rollout(targetOf(ask.at));
    case "do": {
      const { key, op, at, version } = ask;
      const target = targetOf(at);
      const again = did.has(key);
      const effect = { key, op, target, version, again };
      write("effects.jsonl", effect);
      effects.push(effect);
      if (again) return null;
      did.add(key);
      if (op === "remove") running.delete(target);
      else if (op === "release") running.set(target, version ?? "");
      return null;
    }
    case "find":
      return did.has(ask.key);
    case "post": {
      const ref = `m${messages.length}`;
      roots.set(ref, { id: ask.id, channel: ask.channel });
      told({ ref, id: ask.id, channel: ask.channel, posted: true, card: ask.card });
      return ref;
    }
    case "edit":
      told({
        ref: ask.ref,
        ...(roots.get(ask.ref) ?? { id: "", channel: "" }),
        ...{ posted: false, card: ask.card },
      });
      return null;
    case "seek":
      return messages.find((message) => message.posted && message.id === ask.id)?.ref ?? null;
    case "told":
      return { effects: effects.slice(ask.effects), messages: messages.slice(ask.messages) };
    case "mood":
      mood = ask;
      return null;
  }
}

function told(message: Message): void {
  write("messages.jsonl", message);
  messages.push(message);
}

/** Versions that end in `-bad` never run; every third other one is looked at twice before it does. */
function rollout(target: string): unknown {
  const version = running.get(target) ?? null;
  const what = { version, ready: 0, of: 1, url: null, log: [] };
  if (version?.endsWith("-bad")) return { ...what, state: "bad", says: "It does not start." };
  const name = `${target} ${version}`;
  const seen = looks.get(name) ?? 0;
  looks.set(name, seen + 1);
  if (seen === 0 && Number(version?.split(".")[2]) % 3 === 0)
    return { ...what, state: "going", says: "0 of 1 ready" };
  return { ...what, ready: 1, state: "good", says: "1 of 1 ready" };
}

function targetOf({ service, environment }: At): string {
  return `${environment}/${service}`;
}
