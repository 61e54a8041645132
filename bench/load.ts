/**
 * A steady stream of signed slash commands, as Slack sends them. Open loop: each is sent when it is due,
 * whether or not the ones before were answered, and its time counts from when it was due.
 */
import { createHmac, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface Load {
  readonly url: string;
  readonly secret: string;
  readonly perSecond: number;
  readonly count: number;
  readonly text: string;
  /** The workspace; Shipmate stores nothing for a foreign one. */
  readonly team: string;
  /** Each so manieth is delivered a second time, as Slack does where an ack came late. */
  readonly again?: number;
}

/** Milliseconds from due to acknowledged, one for each command. Throws where an answer is not 200. */
export async function slashCommands(load: Load): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  try {
    let last = randomUUID();
    return await steadily(load, (due, at) => {
      if (!load.again || at % load.again !== load.again - 1) last = randomUUID();
      return acknowledged(load, agent, due, last);
    });
  } finally {
    agent.destroy();
  }
}

/** Sends each when it is due (`performance.now`), and gives what they came to. */
export function steadily<T>(
  { perSecond, count }: Pick<Load, "perSecond" | "count">,
  send: (due: number, at: number) => Promise<T>,
): Promise<readonly T[]> {
  const began = performance.now();
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const due = began + (at * 1_000) / perSecond;
      const wait = due - performance.now();
      if (wait > 1) await sleep(wait);
      return send(due, at);
    }),
  );
}

function acknowledged(
  { url, secret, text, team }: Load,
  agent: Agent,
  due: number,
  event: string,
): Promise<number> {
  const body = new URLSearchParams({
    token: "old",
    team_id: team,
    team_domain: "bench",
    channel_id: "C0BENCH",
    channel_name: "general",
    user_id: "U0BENCH",
    user_name: "ada",
    command: "/shipmate",
    text,
    api_app_id: "A0BENCH",
    is_enterprise_install: "false",
    response_url: "http://127.0.0.1:9/nowhere",
    trigger_id: event,
  }).toString();
  const stamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", secret).update(`v0:${stamp}:${body}`).digest("hex");
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        agent,
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "content-length": Buffer.byteLength(body),
          "x-slack-request-timestamp": stamp,
          "x-slack-signature": `v0=${signature}`,
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode === 200) resolve(performance.now() - due);
          else reject(new Error(`a slash command was answered with ${response.statusCode}`));
        });
      },
    );
    sent.on("error", (cause) => reject(new Error("sending a slash command", { cause })));
    sent.end(body);
  });
}
